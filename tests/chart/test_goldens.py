"""What is made from the chart is what stands in the repository: a change shows in the diff, and nothing drifts."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.support import charts
from tools import chart_papers

KINDS: dict[str, Callable[[], dict[Path, str]]] = chart_papers.KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_made_from_the_chart_stands_as_it_is_made(kind: str) -> None:
    """Mend it with `make chart-goldens`, which writes all three, and read the diff."""
    made = KINDS[kind]()
    assert made
    drifted = [path.name for path, text in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    assert not drifted


def test_no_golden_or_manifest_is_left_over() -> None:
    """What nothing makes any more is compared with nothing."""
    for folder, made in ((chart_papers.GOLDENS, chart_papers.goldens()), (chart_papers.MANIFESTS, chart_papers.manifests())):
        assert set(folder.glob("*.yaml")) == set(made)


def test_the_chart_renders_the_same_twice_but_for_generated_secrets() -> None:
    """Else every upgrade would restart every pod."""
    for values in charts.example_values():
        again = charts.template(values=values)
        assert again.ok, again.complaint
        found = tuple(each for each in yaml.safe_load_all(again.output) if each)
        assert charts.settled(found) == charts.settled(charts.objects(values))

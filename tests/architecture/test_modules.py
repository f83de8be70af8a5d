"""Rules about modules: what they are called, and how they open."""

import ast
from typing import Final

from tests.architecture import sources

NAMES_OF_NOTHING: Final = frozenset({"common", "functions", "helper", "helpers", "misc", "util", "utilities", "utils"})

DOORS: Final = {
    "formscout_api": {"main", "config", "wiring", "routes"},
    "formscout_discovery": {"worker", "config", "wiring", "tasks"},
    "formscout_analysis": {"worker", "config", "wiring", "tasks"},
    "formscout_scheduler": {"beat", "worker", "config", "wiring", "tasks"},
}


def test_every_module_opens_with_one_sentence_that_says_what_it_is_for() -> None:
    """A module whose purpose takes two sentences is two modules, and one that has none is found by nobody."""
    wrong = [sources.shown(path) for path in sources.modules() if not _opens_with_a_sentence(ast.get_docstring(sources.tree(path)))]
    assert not wrong


def _opens_with_a_sentence(docstring: str | None) -> bool:
    if not docstring:
        return False
    first, _, rest = docstring.partition("\n\n")
    return first.endswith(".") and "\n" not in first and ". " not in first and rest == rest.strip()


def test_no_module_is_named_after_nothing() -> None:
    """A `utils.py` takes in whatever has no place, so nothing in it is found again: every module is called by its noun."""
    wrong = [
        sources.shown(path)
        for root in sources.PACKAGES.values()
        for path in sources.modules()
        if root in path.parents and NAMES_OF_NOTHING.intersection((path.stem, path.parent.name))
    ]
    assert not wrong


def test_every_deployable_has_the_same_four_doors() -> None:
    """Who knows one deployable finds the way in the others: an entry point, its settings, its wiring, its routes or tasks."""
    standing = {
        package: {path.stem for path in sources.PACKAGES[package].iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
        for package in DOORS
    }
    missing = {package: doors - standing[package] for package, doors in DOORS.items()}
    assert not any(missing.values()), missing


def test_every_package_says_that_it_is_typed() -> None:
    """Without `py.typed` a type checker takes everything imported from a package for `Any`, and checks nothing."""
    assert not [name for name, root in sources.PACKAGES.items() if name != "formscout_demo" and not (root / "py.typed").exists()]

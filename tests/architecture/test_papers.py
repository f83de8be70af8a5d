"""Rules about the documents: they exist, and what they point at exists."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.architecture import sources

PAPERS: Final = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "LICENSE",
    "docs/glossary.md",
    "docs/decisions/README.md",
    "docs/operations/README.md",
)

LINK: Final = re.compile(r"(?<!!)\[[^\]\n]+\]\((?P<target>[^)\s]+)\)|!\[[^\]\n]*\]\((?P<picture>[^)\s]+)\)")
CODE_BLOCK: Final = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
MODULE: Final = re.compile(r"`(?P<name>formscout(?:_api|_discovery|_analysis|_scheduler|_demo)?(?:\.[a-z_0-9]+)+)`")
REPOSITORY_PATH: Final = re.compile(r"`(?P<path>(?:libs|services|demo|tests|docs|bench|charts|k8s)/[\w./-]+)`")


def _papers() -> tuple[Path, ...]:
    return tuple(path for path in sources.files() if path.suffix == ".md")


@pytest.mark.parametrize("name", PAPERS)
def test_the_paper_stands_where_people_look_for_it(name: str) -> None:
    """Hosting sites, package managers and people find these by their names."""
    assert (sources.ROOT / name).is_file()


def test_every_link_between_documents_leads_somewhere() -> None:
    """A dead link tells a reader that nobody has read this before."""
    dead = [f"{sources.shown(paper)}: {target}" for paper in _papers() for target in _targets(paper) if not _leads_somewhere(paper, target)]
    assert not dead


def test_every_module_that_a_document_names_exists() -> None:
    """Documents go wrong first where code is renamed: so the names in them are checked like imports."""
    lost = [
        f"{sources.shown(paper)}: {match['name']}"
        for paper in _papers()
        for match in MODULE.finditer(paper.read_text(encoding="utf-8"))
        if not _is_ours(match["name"])
    ]
    assert not lost


def test_every_path_that_a_document_names_exists() -> None:
    """See above; a path that a reader cannot open costs them the trust in the next one."""
    lost = [
        f"{sources.shown(paper)}: {match['path']}"
        for paper in _papers()
        for match in REPOSITORY_PATH.finditer(paper.read_text(encoding="utf-8"))
        if not (sources.ROOT / match["path"]).exists()
    ]
    assert not lost


def _targets(paper: Path) -> Iterator[str]:
    for match in LINK.finditer(CODE_BLOCK.sub("", paper.read_text(encoding="utf-8"))):
        yield match["target"] or match["picture"]


def _leads_somewhere(paper: Path, target: str) -> bool:
    if re.match(r"(?:https?|mailto):", target):
        return True
    name, _, fragment = target.partition("#")
    aim = paper if not name else (paper.parent / name)
    if not aim.exists():
        return False
    return not fragment or aim.suffix != ".md" or fragment in _headings(aim)


def _headings(paper: Path) -> set[str]:
    text = CODE_BLOCK.sub("", paper.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+\s+(.+?)\s*$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _is_ours(dotted: str) -> bool:
    """Tell whether a module, or a name at the top of one, is where the dotted name says."""
    package, *rest = dotted.split(".")
    place = sources.PACKAGES[package]
    for index, part in enumerate(rest):
        if (place / part).is_dir():
            place /= part
        elif (place / f"{part}.py").is_file():
            below = rest[index + 1 :]
            return not below or re.search(rf"\b{below[0]}\b", (place / f"{part}.py").read_text(encoding="utf-8")) is not None
        else:
            return index == len(rest) - 1 and re.search(rf"\b{part}\b", (place / "__init__.py").read_text(encoding="utf-8")) is not None
    return True

"""Rules about what belongs to one machine or one network and not to the repository."""

import re
from collections.abc import Iterator
from typing import Final

from tests.architecture import sources

MACHINE_PATHS: Final = re.compile(r"(?<![\w.~$}])/(?:work|root|home/\w+|Users/\w+|tmp/(?!formscout)\w+)/[\w.-]+")
"""Absolute paths that exist on the machine of whoever wrote the line; `/tmp/formscout…` is what users are shown."""

REGISTRIES: Final = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org|index\.docker\.io|registry-1\.docker\.io|proxy\.golang\.org"
    r"|(?:artifactory|nexus|mirror|mirrors|proxy|pypi|registry)\.[\w-]+\.(?:internal|local|lan|corp|example))\b"
)

LOCK: Final = "uv.lock"
"""A lock file names where each package comes from; that is its purpose."""

THIS: Final = "tests/architecture/test_strangers.py"


def _lines() -> Iterator[tuple[str, str]]:
    for path in sources.files():
        name, text = sources.shown(path), sources.text_of(path)
        if text is not None and name not in {LOCK, THIS}:
            for number, line in enumerate(text.splitlines(), start=1):
                yield f"{name}:{number}", line


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    """Such a path works for one person on one day, and tells strangers about a machine."""
    assert not [f"{place} {line.strip()[:120]}" for place, line in _lines() if MACHINE_PATHS.search(line)]


def test_no_file_but_the_lock_names_a_package_registry() -> None:
    """Which registry serves packages is set where one builds; a name in here would fail behind every other mirror."""
    assert not [f"{place} {line.strip()[:120]}" for place, line in _lines() if REGISTRIES.search(line)]


def test_the_lock_file_names_the_public_registry_only() -> None:
    """A lock written behind a mirror sends everybody else to hosts that they cannot reach."""
    text = (sources.ROOT / LOCK).read_text(encoding="utf-8")
    hosts = set(re.findall(r"https?://([^/\"]+)", text))
    assert hosts <= {"pypi.org", "files.pythonhosted.org"}

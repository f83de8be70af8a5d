"""Rules about what belongs to one machine or one network and not to the repository."""

import re
from collections.abc import Iterator
from typing import Final

from tests.architecture import sources

MACHINE_PATHS: Final = re.compile(r"(?<![\w.~$}])/(?:work|root|home/\w+|Users/\w+|tmp/(?!formscout)\w+)/[\w.-]+")
"""Absolute paths that exist on the machine of whoever wrote the line; `/tmp/formscout…` is what users are shown."""

LOCK: Final = "uv.lock"
"""A lock file names where each package comes from; that is its purpose."""


def _lines() -> Iterator[tuple[str, str]]:
    for path in sources.files():
        name, text = sources.shown(path), sources.text_of(path)
        if text is not None and name != LOCK:
            for number, line in enumerate(text.splitlines(), start=1):
                yield f"{name}:{number}", line


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    """Such a path works for one person on one day, and tells strangers about a machine."""
    assert not [f"{place} {line.strip()[:120]}" for place, line in _lines() if MACHINE_PATHS.search(line)]


def test_no_file_but_the_lock_names_a_package_registry() -> None:
    """Which registry serves packages is set where one builds; a name in here would fail behind every other mirror."""
    text = (sources.ROOT / LOCK).read_text(encoding="utf-8")
    hosts = set(re.findall(r"https?://([^/\"]+)", text))
    assert hosts
    assert not [f"{place} {line.strip()[:120]}" for place, line in _lines() if any(host in line for host in hosts)]


def test_the_lock_file_names_one_registry() -> None:
    """A lock written partly behind a mirror sends everybody else to hosts that they cannot reach."""
    text = (sources.ROOT / LOCK).read_text(encoding="utf-8")
    assert len(set(re.findall(r'registry = "([^"]+)"', text))) == 1


def test_no_file_carries_the_marks_of_a_merge() -> None:
    """What two people wrote at one place is not put together by leaving both with the marks between them."""
    marks = ("<" * 7 + " ", ">" * 7 + " ")
    assert not [place for place, line in _lines() if line.startswith(marks)]

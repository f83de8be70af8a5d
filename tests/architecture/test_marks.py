"""Rules about marks in the code that put something off or silence somebody."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.architecture import sources

PUT_OFF: Final = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")  # only comments are looked at, so this line is none

SILENCED: Final = re.compile(
    r"#\s*(?:noqa|type:\s*ignore)(?P<codes>(?::\s*[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*|\[[a-z-]+(?:,\s*[a-z-]+)*\])?)(?P<reason>.*)"
)

REASON_LETTERS: Final = 4
"""A shorter word is no reason."""

SKIPS: Final = re.compile(r"\bpytest\s*\.\s*(?:mark\s*\.\s*(?:skip|skipif|xfail)|skip|xfail|importorskip)\b|\bunittest\s*\.\s*skip")


def _comments(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def test_nothing_is_put_off_in_a_comment() -> None:
    """A note to do something later is read by nobody who plans: what is missing is done, or stands in the README's limits."""
    marks = [f"{sources.shown(path)}:{line}" for path in sources.modules() for line, comment in _comments(path) if PUT_OFF.search(comment)]
    assert not marks


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    """A test that does not run proves nothing and looks as if it did."""
    skipped = [
        f"{sources.shown(path)}:{number}"
        for path in sources.modules()
        if sources.ROOT / "tests" in path.parents
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if SKIPS.search(line)
    ]
    assert not skipped


def test_every_silenced_check_names_its_rule_and_carries_a_reason() -> None:
    """An exception without a reason cannot be told from a mistake, and one without a code silences what comes later too."""
    bare = [
        f"{sources.shown(path)}:{line} {comment}"
        for path in sources.modules()
        for line, comment in _comments(path)
        if (mark := SILENCED.search(comment)) and (not mark["codes"] or len(re.sub(r"\W", "", mark["reason"])) < REASON_LETTERS)
    ]
    assert not bare

"""Rules about how long things may grow."""

from typing import Final

from tests.architecture import sources

FILE_LINES: Final = 450
FUNCTION_LINES: Final = 60


def test_no_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    """A long module has a second purpose that wants a name of its own: 300 lines are a question, 450 the cap."""
    long = {
        sources.shown(path): lines
        for path in sources.modules()
        if (lines := path.read_text(encoding="utf-8").count("\n")) > FILE_LINES and sources.MIGRATIONS not in path.parents
    }
    assert not long


def test_no_function_is_longer_than_a_screen() -> None:
    """What cannot be seen at once cannot be checked at once: 40 lines are a question, 60 the cap."""
    long = {
        f"{sources.shown(path)}: {function.name}": lines
        for path in sources.modules()
        if sources.MIGRATIONS not in path.parents
        for function in sources.functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    }
    assert not long

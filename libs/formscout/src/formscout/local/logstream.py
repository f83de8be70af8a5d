"""The one log stream of the embedded platform: the lines of every process, each behind its coloured name."""

import logging
import zlib
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

NAME_WIDTH: Final = 9
"""Characters; the longest name is `discovery`."""

LOG_FILE_BYTES: Final = 10_000_000
"""A day of a busy laptop; three files are kept."""

TAIL_LINES: Final = 20
"""Last lines kept of each process, to be shown when it would not start."""

_COLOURS: Final = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta", "bright_green")


class LogStream:
    """Takes lines of named processes and shows them on a console, in a file, or both."""

    def __init__(self, *, console: Console | None, file: Path | None) -> None:
        self._console = console
        self._tails: dict[str, list[str]] = {}
        self._file = None if file is None else RotatingFileHandler(file, maxBytes=LOG_FILE_BYTES, backupCount=2, encoding="utf-8")

    def write(self, name: str, line: str) -> None:
        """Take one line of the process `name`."""
        if not line.strip():
            return
        tail = self._tails.setdefault(name, [])
        tail.append(line)
        del tail[:-TAIL_LINES]
        if self._file is not None:
            self._file.emit(logging.LogRecord(name, logging.INFO, "", 0, f"{name:<{NAME_WIDTH}} {line}", None, None))
        if self._console is not None:
            text = Text(f"{name:<{NAME_WIDTH}} ", style=colour_of(name))
            text.append_text(Text.from_ansi(line, style="default"))
            self._console.print(text, soft_wrap=True, highlight=False)

    def tail(self, name: str) -> tuple[str, ...]:
        """Return the last lines of a process."""
        return tuple(self._tails.get(name, ()))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def colour_of(name: str) -> str:
    """Return the colour of a process: the same at every start."""
    return _COLOURS[zlib.crc32(name.encode()) % len(_COLOURS)]

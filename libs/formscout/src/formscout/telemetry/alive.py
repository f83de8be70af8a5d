"""A file that says that a process' main loop turns: whoever watches the process looks at the file's age."""

from pathlib import Path
from typing import Final

import structlog

from formscout.domain.errors import SettingsError

ALIVE_SECONDS: Final = 5
"""Between two touches; a probe that allows a minute misses eleven before it speaks."""

_log = structlog.get_logger(__name__)


class AliveFile:
    """Touched by the main loop alone, so that a loop that hangs is seen; without a path nothing is done.

    A thread would go on touching it while the loop hangs, and a question over the broker needs the broker.
    """

    def __init__(self, path: Path | None) -> None:
        """Take away what an earlier process left; raise `SettingsError` where no file can be written."""
        self._path: Path | None = None
        if path is None:
            return
        try:
            path.touch()
            path.unlink()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SettingsError(
                f"FORMSCOUT_ALIVE_FILE names {path}, which cannot be written: {reason}. Name a file, or unset it."
            ) from None
        self._path = path

    def touch(self) -> None:
        """Say that the loop turns."""
        if self._path is None:
            return
        try:
            self._path.touch()
        except OSError as error:  # whoever watches sees it by itself
            _log.warning("The file that says that this process lives cannot be touched", error=type(error).__name__)

    def remove(self) -> None:
        """Take the file away for good: the process ends."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None

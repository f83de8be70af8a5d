"""Finds a Chromium that can be started."""

import os
import shutil
from pathlib import Path
from typing import ClassVar, Final

from formscout.domain.errors import FormscoutError

SYSTEM_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Names that distributions give it, the free ones first."""


class BrowserUnavailableError(FormscoutError):
    """No Chromium is installed, or it does not start."""

    code: ClassVar[str] = "browser_unavailable"


def find_executable(wanted: str | None, *, bundled: str) -> str:
    """Return the path of a Chromium: the wanted one, else the system's, else Playwright's `bundled` one.

    Raises `BrowserUnavailableError`, which says what to install.
    """
    if wanted is not None:
        if not os.access(wanted, os.X_OK):
            raise BrowserUnavailableError(f"{wanted} is no program that can be started; correct the setting that names the browser.")
        return wanted
    for name in SYSTEM_NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    if Path(bundled).is_file():
        return bundled
    raise BrowserUnavailableError(
        "There is no Chromium on this machine. Install one with `apt-get install chromium` or `uv run playwright install chromium`.",
    )

"""Whether a Chromium is installed that the discovery worker would find."""

import os
import shutil
from pathlib import Path
from typing import Final

from formscout.domain.errors import PlatformError

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

WAY_OUT: Final = "Install one: `apt-get install chromium` as root on Debian, else `uv run playwright install chromium`."


def find_browser() -> Path | None:
    """Return a Chromium: the one that FORMSCOUT_BROWSER names, the system's, else one that Playwright has downloaded."""
    named = os.environ.get("FORMSCOUT_BROWSER")
    if named:
        return Path(named) if os.access(named, os.X_OK) else None
    for name in _NAMES:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    downloads = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright").expanduser()
    mac = Path("~/Library/Caches/ms-playwright").expanduser()
    places = (*downloads.glob("chromium-*/chrome-linux*/chrome"), *mac.glob("chromium-*/chrome-mac*/*.app/Contents/MacOS/*"))
    return next((place for place in places if os.access(place, os.X_OK)), None)


def require_browser() -> Path:
    """Return a Chromium; raise `PlatformError`, which says what to install."""
    found = find_browser()
    if found is None:
        raise PlatformError(f"There is no Chromium on this machine. {WAY_OUT}")
    return found

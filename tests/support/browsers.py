"""How tests start Chromium."""

import os
from pathlib import Path

from formscout_discovery.browser.options import BrowserOptions


def options(scratch: Path) -> BrowserOptions:
    """Return options for this machine: as root there is no sandbox."""
    return BrowserOptions(scratch=scratch, sandbox=os.geteuid() != 0)

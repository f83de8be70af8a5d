"""How tests start Chromium."""

import os
import shlex
from pathlib import Path
from typing import Final

from playwright.async_api import async_playwright

from formscout_discovery.browser.executable import find_executable
from formscout_discovery.browser.options import BrowserOptions


def options(scratch: Path) -> BrowserOptions:
    """Return options for this machine: as root there is no sandbox."""
    return BrowserOptions(scratch=scratch, sandbox=os.geteuid() != 0)


REFUSAL: Final = "[7:7:FATAL:zygote_host_impl_linux.cc(128)] No usable sandbox! If you are running on Ubuntu 23.10+ see the documents."
"""What Chromium says where it may not make user namespaces."""


async def confined_chromium(folder: Path) -> str:
    """Return a Chromium that starts only without its sandbox: the real one behind a door that says what it would say."""
    async with async_playwright() as playwright:
        real = find_executable(None, bundled=playwright.chromium.executable_path)
    door = folder / "chromium"
    door.write_text(
        f'#!/bin/sh\ncase " $* " in *" --no-sandbox "*) exec {shlex.quote(real)} "$@" ;; esac\necho {shlex.quote(REFUSAL)} >&2\nexit 1\n'
    )
    door.chmod(0o755)
    return str(door)

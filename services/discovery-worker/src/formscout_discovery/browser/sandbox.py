"""Whether Chromium has its own sandbox here: tried before work is taken, since a page could do what it likes without."""

import asyncio
import dataclasses
import os
import subprocess
from typing import ClassVar, Final

import structlog
from playwright.async_api import async_playwright

from formscout.domain.errors import FormscoutError
from formscout_discovery.browser.executable import BrowserUnavailableError, find_executable
from formscout_discovery.browser.options import BrowserOptions
from formscout_discovery.browser.pool import launch
from formscout_discovery.browser.walls import what_is_missing

VERSION_SECONDS: Final = 20
"""For Chromium to be read from the disk as far as its version, on a machine that is all busy."""

_log = structlog.get_logger(__name__)


class SandboxUnavailableError(FormscoutError):
    """Chromium starts here only without its own sandbox, and nobody has said that this is wanted."""

    code: ClassVar[str] = "sandbox_unavailable"


def is_sandboxed(wanted: bool | None, *, is_root: bool) -> bool:
    """Decide whether browsers are started with the sandbox: as set; if nothing is set with it, but for root, whom Chromium refuses it."""
    return not is_root if wanted is None else wanted


async def require_sandbox(options: BrowserOptions, *, is_root: bool) -> None:
    """See that browsers can start here as slices start them, and say which sandbox they have.

    A whole Chromium, started for this alone, would cost a second of processor and leave 90 to 150 MB of its files in the memory that
    counts as the worker's. So it is started only in doubt: where it tells its version and the kernel grants what it builds its sandbox
    of, that is enough, since Chromium itself never goes without a sandbox unless told to.

    Raises `SandboxUnavailableError` if Chromium starts only without the wanted sandbox, `BrowserUnavailableError` if not at all.
    """
    if not options.sandbox:
        _log.warning("Chromium runs without its own sandbox; isolate this worker, or run it as another user than root", sandbox="none")
        return
    version = await _version(options)
    missing = "another user than root" if is_root else await asyncio.to_thread(what_is_missing)
    if version is None or missing is not None:
        _log.info("Chromium is started to see whether it has its own sandbox", version=version, missing=missing)
        await _require_start(options)
    _log.info("Chromium runs in its own sandbox", sandbox="chromium", version=version)


async def _version(options: BrowserOptions) -> str | None:
    """Start the library's driver and ask Chromium for its version: both have all the libraries that they need; None if it does not say."""
    async with async_playwright() as playwright:
        executable = find_executable(options.executable, bundled=playwright.chromium.executable_path)
    return await asyncio.to_thread(_ask_version, executable)


def _ask_version(executable: str) -> str | None:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}  # nothing of our own, as in a slice
    try:
        done = subprocess.run(  # noqa: S603 (the browser that the settings name)
            (executable, "--version"), env=environment, capture_output=True, text=True, timeout=VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


async def _require_start(options: BrowserOptions) -> None:
    try:
        await _try(options)
    except BrowserUnavailableError as error:
        await _try(dataclasses.replace(options, sandbox=False))
        raise SandboxUnavailableError(
            f"Chromium's own sandbox does not work here, only without it Chromium starts. {error.message} "
            "Run this worker as another user than root and let it make user namespaces (in a container: a seccomp profile that "
            "allows clone, clone3, unshare, setns and chroot), or isolate the worker and set FORMSCOUT_BROWSER_SANDBOX=off."
        ) from error


async def _try(options: BrowserOptions) -> None:
    async with launch(options):
        pass

"""Whether Chromium has its own sandbox here: tried before work is taken, since a page could do what it likes without."""

import dataclasses
from typing import ClassVar

import structlog

from formscout.domain.errors import FormscoutError
from formscout_discovery.browser.executable import BrowserUnavailableError
from formscout_discovery.browser.options import BrowserOptions
from formscout_discovery.browser.pool import launch

_log = structlog.get_logger(__name__)


class SandboxUnavailableError(FormscoutError):
    """Chromium starts here only without its own sandbox, and nobody has said that this is wanted."""

    code: ClassVar[str] = "sandbox_unavailable"


def is_sandboxed(wanted: bool | None, *, is_root: bool) -> bool:
    """Decide whether browsers are started with the sandbox: as set; if nothing is set with it, but for root, whom Chromium refuses it."""
    return not is_root if wanted is None else wanted


async def require_sandbox(options: BrowserOptions) -> None:
    """Start a browser as slices do and say which sandbox it has.

    Raises `SandboxUnavailableError` if Chromium starts only without the wanted sandbox, `BrowserUnavailableError` if not at all.
    """
    if not options.sandbox:
        _log.warning("Chromium runs without its own sandbox; isolate this worker, or run it as another user than root", sandbox="none")
        return
    try:
        await _try(options)
    except BrowserUnavailableError as error:
        await _try(dataclasses.replace(options, sandbox=False))
        raise SandboxUnavailableError(
            f"Chromium's own sandbox does not work here, only without it Chromium starts. {error.message} "
            "Run this worker as another user than root and let it make user namespaces (in a container: a seccomp profile that "
            "allows clone, clone3, unshare, setns and chroot), or isolate the worker and set FORMSCOUT_BROWSER_SANDBOX=off."
        ) from error
    _log.info("Chromium runs in its own sandbox", sandbox="chromium")


async def _try(options: BrowserOptions) -> None:
    async with launch(options):
        pass

"""How a browser is started, and by which rules its tabs live."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from formscout_discovery.crawl.ports import Turns
from formscout_discovery.policy.requests import JudgeSettings


def everywhere(_address: str) -> bool:
    """Take any address as one of the application's: the scope of the `snapshot` command."""
    return True


class NoTurns:
    """Pages are opened at once."""

    async def wait(self, address: str) -> None:
        """Do not wait."""

    async def answered(self, address: str, status: int | None, retry_after: str) -> bool:
        """Draw no conclusions."""
        del address, status, retry_after
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserOptions:
    """How one Chromium is started; nothing of it is a secret."""

    scratch: Path  # where pid files lie; the same for all workers of a machine, so that one can sweep after another
    executable: str | None = None  # None: the system's Chromium, else Playwright's own
    sandbox: bool = True  # Chromium's own; as root it cannot be
    authorities: Path | None = None  # certificates that servers may also be signed by, as a PEM file
    user_agent: str | None = None  # None: Chromium's own with our name at its end
    locale: str = "en-US"
    timezone: str = "UTC"
    width: int = 1280  # of the viewport, CSS pixels
    height: int = 900
    offline: bool = False  # no request leaves at all, files on disk are read


@dataclass(frozen=True, slots=True, kw_only=True)
class TabRules:
    """What the tabs of one signed-in state may do."""

    scope: Callable[[str], bool] = everywhere  # which addresses the top frame may go to
    judging: JudgeSettings = field(default_factory=JudgeSettings)
    scripts: bool = True  # whether pages may run JavaScript
    turns: Turns = field(default_factory=NoTurns)  # when pages may be opened
    allow_private: bool = False  # loopback and private addresses; metadata services stay refused

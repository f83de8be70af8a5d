"""What a slice is told to do, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from formscout.domain.networks import Credentials, SignIn, SignInKind
from formscout_discovery.crawl.memory import SliceMemory
from formscout_discovery.crawl.ports import Browser, Record
from formscout_discovery.policy.scope import ScopeRules

USER_AGENT: Final = "Formscout"
"""The name that robots.txt knows us by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one visit; what they leave out is counted in the result."""

    visit_seconds: float = 150.0  # a busy SPA needs 15 s to draw once, and a page of menus 25 presses
    clicks_a_page: int = 25
    reopens_a_page: int = 12  # returns to the page as it first stood
    reveal_depth: int = 3  # presses one after the other: menu, entry, tab in the dialog
    depth: int = 15  # links from the base address: relative-path explosions end here


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicePlan:
    """A bounded stretch of work on a crawl session."""

    base: str
    scope: ScopeRules
    tabs: int = 2
    sign_in: SignIn = field(default_factory=SignIn)
    credentials: Credentials | None = None
    signed_in: bool = False  # the browser was given the state of a session that had signed in
    obey_robots: bool = False
    robots_txt: str = ""  # as the application serves it; empty when it has none
    limits: Limits = field(default_factory=Limits)

    @property
    def signs_in(self) -> bool:
        """Whether this crawl has an account to use."""
        return self.sign_in.kind is SignInKind.PASSWORD and self.credentials is not None


class SliceStop(StrEnum):
    """Why a slice ended."""

    FRONTIER_EMPTY = "frontier_empty"  # no page waits and no visit of this slice runs
    STOPPED = "stopped"  # `stop` said so: drain, or the slice's time is over
    LIMIT_REACHED = "limit_reached"
    CANCELLED = "cancelled"
    APPLICATION_DOWN = "application_down"  # visit after visit found nobody there


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceEnd:
    """How a slice ended and what it did."""

    stop: SliceStop
    visits: int
    clicks: int
    signed_in: bool  # the browser's state is worth keeping
    left: int  # controls that were seen and not pressed, budgets being spent


@dataclass(slots=True, kw_only=True)
class Slice:
    """What all visits of a slice share."""

    record: Record
    browser: Browser
    plan: SlicePlan
    memory: SliceMemory
    stop: Callable[[], bool]  # asked between steps, which also shows that the work moves
    drop: Callable[[], bool]  # whether even the visits in hand shall not be waited for

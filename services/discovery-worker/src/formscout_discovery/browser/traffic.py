"""What one tab sends, loads and shows on the way: the facts that settling, outcomes and lists are made of."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from formscout.domain.crawls import JudgedRequest, RequestVerdict
from formscout.domain.pages import VisitOutcome
from formscout.domain.urls import without_query
from formscout.security.addresses import AddressGuard
from formscout_discovery.browser.options import TabRules
from formscout_discovery.gate.messages import Judged
from formscout_discovery.gate.process import Lane
from formscout_discovery.policy.requests import Cause, Judgement, Ruling

MAX_DIALOGS: Final = 10
"""Alerts, confirms and prompts in one act; a page that shows more does so without end."""

MAX_ROUTES: Final = 200
"""Addresses kept of one act; a page that rewrites its address with every frame has shown its point by then."""

MAX_DEGRADED: Final = 50
"""Failed style sheets and scripts that are listed; one would do to lower the confidence."""

LONG_POLL_AFTER_S: Final = 3.0
"""A request open for longer is taken for one that waits for news, not for one that the page waits for."""

WAITED_FOR: Final = frozenset({"Document", "Script", "Stylesheet", "XHR", "Fetch"})
"""Resource types that can still change which elements there are; images and fonts cannot, sockets never end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What we do in the tab now; every request until the next act answers to it."""

    cause: Cause
    label: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doom:
    """Why the act in progress cannot end well."""

    outcome: VisitOutcome
    sentence: str


@dataclass(slots=True, kw_only=True)
class DocumentFacts:
    """What is known of the last main document that was asked for."""

    request_id: str = ""
    url: str = ""
    status: int | None = None
    content_type: str = ""
    retry_after: str = ""  # as the server wrote it
    received: int = 0  # bytes of its body so far


@dataclass(slots=True)
class Traffic:
    """The running record of one tab; `begin` starts the next act."""

    rules: TabRules
    guard: AddressGuard
    lane: Lane  # what its page sends through
    main_frame: str
    frames: set[str] = field(default_factory=set)
    act: Act = field(default_factory=lambda: Act(cause=Cause.OPENING))
    document: DocumentFacts | None = None  # of this act; None while no new document was asked for
    refused: Doom | None = None  # why the main document of this act was not taken; the page before it stands
    routes: list[str] = field(default_factory=list)
    degraded: list[str] = field(default_factory=list)
    dialogs: int = 0
    began: float = 0.0  # monotonic, of the act
    last_change: float = 0.0  # monotonic, when a request that matters began or ended
    _open: dict[str, tuple[float, str]] = field(default_factory=dict)  # when it began, and where it goes
    _news: set[str] = field(default_factory=set)  # addresses that answer only when there is news
    _judged: Counter[tuple[RequestVerdict, str, str, str]] = field(default_factory=Counter)
    _doom: asyncio.Future[Doom] | None = None

    def __post_init__(self) -> None:
        self.frames.add(self.main_frame)

    def begin(self, act: Act) -> None:
        """Start an act: what came before is forgotten, but for the judged requests and those still open."""
        self.act = act
        self.document = None
        self.refused = None
        self.routes = []
        self.dialogs = 0
        self._doom = asyncio.get_running_loop().create_future()
        self.began = self.last_change = time.monotonic()

    @property
    def doom(self) -> asyncio.Future[Doom]:
        """Resolves when the act cannot end well any more."""
        if self._doom is None:
            self._doom = asyncio.get_running_loop().create_future()
        return self._doom

    def end(self, outcome: VisitOutcome, sentence: str) -> None:
        """Doom the act; the first reason counts."""
        if not self.doom.done():
            self.doom.set_result(Doom(outcome=outcome, sentence=sentence))

    def refuse(self, outcome: VisitOutcome, sentence: str) -> None:
        """Note that the main document asked for is not taken; the first reason counts."""
        if self.refused is None:
            self.refused = Doom(outcome=outcome, sentence=sentence)

    def show(self, address: str) -> None:
        """Note an address that appeared on the way."""
        if (
            address not in self.routes
            and len(self.routes) < MAX_ROUTES
            and not address.startswith(("about:", "chrome-error:", "data:", "blob:"))
        ):
            self.routes.append(address)

    def dialog(self) -> bool:
        """Count a dialog; False once there were too many."""
        self.dialogs += 1
        if self.dialogs <= MAX_DIALOGS:
            return True
        self.end(VisitOutcome.DIALOG_LOOP, f"The page showed more than {MAX_DIALOGS} dialogs one after another.")
        return False

    def judged(self, judgement: Judgement, method: str, url: str) -> None:
        """Count a request that the judge did not simply pass."""
        if judgement.ruling is Ruling.PASS:
            return
        verdict = RequestVerdict.HELD_BACK if judgement.ruling is Ruling.HOLD_BACK else RequestVerdict.LET_THROUGH
        self._judged[(verdict, method, without_query(url), judgement.reason)] += 1

    def gate_told(self, told: Judged) -> None:
        """Count what the gate held back by itself."""
        self._judged[(told.verdict, told.method, told.url, told.reason)] += told.count

    def drain(self) -> tuple[JudgedRequest, ...]:
        """Return the judged requests since the last call, those of one kind counted together."""
        found = tuple(
            JudgedRequest(verdict=verdict, method=method, address=address, reason=reason, count=count)
            for (verdict, method, address, reason), count in self._judged.items()
        )
        self._judged.clear()
        return found

    def take_over(self, other: "Traffic") -> None:
        """Keep what was counted of a page that this one replaces."""
        for each in other.drain():
            self._judged[(each.verdict, each.method, each.address, each.reason)] += each.count

    def request_began(self, request_id: str, resource_type: str, url: str) -> None:
        """Note that a request was sent; one to where we know that the page waits for news is not waited for."""
        if resource_type in WAITED_FOR and without_query(url) not in self._news:
            self.last_change = time.monotonic()
            self._open[request_id] = (self.last_change, without_query(url))

    def request_ended(self, request_id: str) -> None:
        """Note that a request ended, well or not."""
        if self._open.pop(request_id, None) is not None:
            self.last_change = time.monotonic()

    def forget_open_requests(self) -> None:
        """Take all open requests as ended: their document is gone."""
        self._open.clear()

    def quiet_for(self) -> float:
        """Return for how many seconds nothing that the page waits for was on the wire; 0 while something is."""
        now = time.monotonic()
        for request_id, (began, address) in list(self._open.items()):
            if now - began < LONG_POLL_AFTER_S:
                return 0.0
            if len(self._news) < MAX_ROUTES:
                self._news.add(address)
            del self._open[request_id]
        return now - self.last_change

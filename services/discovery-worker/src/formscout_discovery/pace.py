"""The turns in which a slice loads pages: shared by all slices of a company, and the slice's own while Redis is away."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import structlog

from formscout.domain.errors import StoreUnavailableError
from formscout.storage.pacing import PaceStore
from formscout_discovery.crawl.turns import nap
from formscout_discovery.policy import pacing

ASK_AGAIN_SECONDS: Final = 10.0
"""Between two tries to reach a Redis that is away: each may cost a second of a page load's time."""

_log = structlog.get_logger(__name__)


class SharedTurns:
    """`crawl.ports.Turns` over the pace in Redis."""

    def __init__(self, store: PaceStore, *, gap_seconds: float, look_up: Callable[[], object]) -> None:
        self._store = store
        self._gap = gap_seconds
        self._look_up = look_up
        self._own: dict[str, pacing.Pace] = {}  # by host; kept up to date while Redis decides
        self._struck: set[str] = set()  # hosts with refusals in a row
        self._away_until: float | None = None  # monotonic; None while Redis answers

    async def wait(self, address: str) -> None:
        """Wait until a page of the address's host may be loaded."""
        host = _host(address)
        while (seconds := await self._take(host)) > 0:
            await nap(seconds, look_up=self._look_up)
        self._own[host] = pacing.after_start(self._pace(host), time.monotonic())

    async def answered(self, address: str, status: int | None, retry_after: str) -> bool:
        """Draw the conclusions from an answer for all slices; True when the page is worth another try after a wait."""
        host = _host(address)
        seconds = pacing.retry_after_seconds(retry_after, now=datetime.now(UTC))
        if not pacing.is_refusal(status):
            self._own[host] = pacing.after_answer(self._pace(host), time.monotonic())
            if status is not None and host in self._struck:
                self._struck.discard(host)
                await self._tell(host, refused=False, retry_after=None)
            return False
        _log.info("The application asks for patience", status=status, retry_after_seconds=seconds)
        self._own[host] = pacing.after_refusal(self._pace(host), time.monotonic(), seconds)
        await self._tell(host, refused=True, retry_after=seconds)
        return pacing.is_worth_another_try(status, seconds)

    def _pace(self, host: str) -> pacing.Pace:
        return self._own.get(host) or pacing.Pace(gap=self._gap)

    async def _take(self, host: str) -> float:
        """Return how long to wait; 0 when the turn is ours."""
        if self._may_ask():
            try:
                turn = await self._store.take(host, gap_seconds=self._gap)
            except StoreUnavailableError:
                self._note_away()
            else:
                self._note_back()
                if turn.strikes:
                    self._struck.add(host)
                return turn.wait_seconds
        return pacing.wait(self._pace(host), time.monotonic())

    async def _tell(self, host: str, *, refused: bool, retry_after: float | None) -> None:
        if not self._may_ask():
            return
        try:
            if refused:
                await self._store.refused(host, retry_after_seconds=retry_after)
            else:
                await self._store.answered(host)
        except StoreUnavailableError:
            self._note_away()

    def _may_ask(self) -> bool:
        return self._away_until is None or time.monotonic() >= self._away_until

    def _note_away(self) -> None:
        if self._away_until is None:
            _log.warning("Redis does not answer: until it does, this slice keeps a pace of its own")
        self._away_until = time.monotonic() + ASK_AGAIN_SECONDS

    def _note_back(self) -> None:
        if self._away_until is not None:
            _log.info("Redis answers again: the pace is shared")
        self._away_until = None


def _host(address: str) -> str:
    """Return what a pace is kept for: the host with its port, in one way of writing."""
    return urlsplit(address).netloc.rpartition("@")[2].lower()

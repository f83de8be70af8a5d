"""One look at the rows for all who follow sessions in this process, be it by a stream or by a poll that waits."""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import msgspec

from formscout.domain.crawls import SessionEvent
from formscout.domain.errors import StoreUnavailableError, TooManyFollowersError
from formscout.domain.ids import CrawlSessionId, UserId
from formscout.storage import changes
from formscout.storage.changes import Change, Seen
from formscout.storage.database import Database
from formscout.usecases.results import ENDED

LOOK_SECONDS: Final = 0.25
"""Between two looks: a look over 2,000 sessions takes some 10 ms of CPU time, and the same for one follower of each or for a thousand."""

PING_SECONDS: Final = 15.0
"""Between two signs of life on a silent stream: proxies close what is silent for 30 s or more."""

PING: Final = b": still here\r\n\r\n"

MOST_PENDING: Final = 2000
"""Chunks that a client may be behind; a slower one is let go and comes again with `Last-Event-ID`."""


_log = logging.getLogger(__name__)


class Feed:
    """What one stream still has to send."""

    __slots__ = ("_woken", "is_over", "last", "pending")

    def __init__(self, after: int) -> None:
        self.last = after  # the sequence number of the last event taken in
        self.pending: list[bytes] = []
        self.is_over = False  # nothing more comes: the last event was taken in, the client is gone, or the process stops
        self._woken: asyncio.Future[None] | None = None

    def push(self, chunk: bytes) -> None:
        """Take something in."""
        if self.is_over:
            return
        self.pending.append(chunk)
        if len(self.pending) > MOST_PENDING:
            self.end()
        self._wake()

    def end(self) -> None:
        """Let nothing more come."""
        self.is_over = True
        self._wake()

    async def take(self) -> bytes:
        """Return what came in since the last time, waiting for something; empty when nothing more comes."""
        if not self.pending and not self.is_over:
            self._woken = asyncio.get_running_loop().create_future()
            await self._woken
        chunk = b"".join(self.pending)
        self.pending.clear()
        return chunk

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)


@dataclass(slots=True, kw_only=True)
class _Followed:
    """A session and who follows it."""

    feeds: set[Feed] = field(default_factory=set)
    waiting: dict[asyncio.Future[None], int] = field(default_factory=dict)  # each with the version that its client knows

    @property
    def is_left(self) -> bool:
        return not self.feeds and not self.waiting

    def seen(self, session_id: CrawlSessionId) -> Seen:
        """Return what the slowest follower of each kind knows."""
        return Seen(
            session_id=session_id,
            event=min((feed.last for feed in self.feeds), default=None),
            version=min(self.waiting.values(), default=None),
        )


class Watch:
    """Followers of sessions, and the task that looks for them; without a follower there is none."""

    def __init__(self, database: Database, *, per_user: int, look_seconds: float = LOOK_SECONDS) -> None:
        self.is_stopping: Callable[[], bool] = lambda: False  # whoever runs the server may say so here
        self._database = database
        self._per_user = per_user
        self._look_seconds = look_seconds
        self._followed: dict[CrawlSessionId, _Followed] = {}
        self._by_user: Counter[UserId] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self._is_over = False

    @property
    def followers(self) -> int:
        """How many follow at the moment."""
        return self._by_user.total()

    def enter(self, user_id: UserId) -> None:
        """Count a follower of this user; whoever enters leaves. Raises `TooManyFollowersError`."""
        if self._by_user[user_id] >= self._per_user:
            raise TooManyFollowersError(
                f"This user follows {self._per_user} discoveries on this process already, and no more are taken. "
                "Close streams that nobody reads, or poll the status instead.",
            )
        self._by_user[user_id] += 1

    def leave(self, user_id: UserId) -> None:
        """Count a follower no more."""
        self._by_user[user_id] -= 1
        if not self._by_user[user_id]:
            del self._by_user[user_id]

    @contextmanager
    def following(self, session_id: CrawlSessionId, *, after: int) -> Iterator[Feed]:
        """Follow a session's events with sequence numbers above `after`."""
        feed = Feed(after)
        if self._is_over:
            feed.end()
        with self._follower(session_id) as followed:
            followed.feeds.add(feed)
            try:
                yield feed
            finally:
                followed.feeds.discard(feed)

    async def wait_for_change(self, session_id: CrawlSessionId, version: int, *, seconds: float, gone: asyncio.Future[None]) -> bool:
        """Wait until the session's version is above `version`, or `gone` is done; False when the time is over or the process stops."""
        if self._is_over:
            return False
        changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._follower(session_id) as followed:
            followed.waiting[changed] = version
            try:
                done, _ = await asyncio.wait((changed, gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            finally:
                followed.waiting.pop(changed, None)
        return bool(done) and not self._is_over

    async def close(self) -> None:
        """Let everybody go."""
        self._end()
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    @contextmanager
    def _follower(self, session_id: CrawlSessionId) -> Iterator[_Followed]:
        followed = self._followed.setdefault(session_id, _Followed())
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield followed
        finally:
            if followed.is_left and self._followed.get(session_id) is followed:
                del self._followed[session_id]

    async def _look_on(self) -> None:
        """Look again and again, while anybody follows; what cannot be read now is read later, and nobody is let go for it."""
        loop = asyncio.get_running_loop()
        next_ping = loop.time() + PING_SECONDS
        while self._followed:
            await asyncio.sleep(self._look_seconds)
            if self.is_stopping():
                self._end()
                return
            try:
                await self._look()
            except StoreUnavailableError:
                pass  # everybody waits; those who come now are told so
            except Exception:  # noqa: BLE001 (a door: one look that breaks must not leave everybody without the next)
                _log.exception("A look for all followers broke off; trying again")
            if loop.time() >= next_ping:
                next_ping = loop.time() + PING_SECONDS
                self._ping()

    async def _look(self) -> None:
        seen = [followed.seen(session_id) for session_id, followed in self._followed.items()]
        found = await changes.find_changes(self._database, seen)
        known = {one.session_id: math.inf if one.event is None else one.event for one in seen}
        more = {one.session_id: int(known[one.session_id]) for one in found if one.last_event > known[one.session_id]}
        self._note(found)
        if more:
            self._hand_out(await changes.find_events(self._database, more))

    def _note(self, found: Iterable[Change]) -> None:
        for change in found:
            followed = self._followed.get(change.session_id, _Followed())  # a follower may have left meanwhile
            for changed, version in followed.waiting.items():
                if (change.is_deleted or change.version > version) and not changed.done():
                    changed.set_result(None)
            if change.is_deleted:
                for feed in followed.feeds:
                    feed.end()

    def _hand_out(self, events: Iterable[SessionEvent]) -> None:
        for event in events:
            followed = self._followed.get(event.session_id)
            if followed is not None:
                chunk = chunk_of(event)  # one for all who follow
                for feed in followed.feeds:
                    if event.sequence > feed.last:
                        feed.last = event.sequence
                        feed.push(chunk)
                        if event.kind == ENDED:
                            feed.end()

    def _ping(self) -> None:
        for followed in self._followed.values():
            for feed in followed.feeds:
                if not feed.pending:
                    feed.push(PING)

    def _end(self) -> None:
        self._is_over = True
        for followed in self._followed.values():
            for feed in followed.feeds:
                feed.end()
            for changed in followed.waiting:
                if not changed.done():
                    changed.set_result(None)


def chunk_of(event: SessionEvent) -> bytes:
    """Return an event as a stream carries it; JSON has no line breaks of its own."""
    data = msgspec.json.encode({"at": event.at, **event.data})
    return b"id: %d\r\nevent: %s\r\ndata: %s\r\n\r\n" % (event.sequence, event.kind.encode(), data)

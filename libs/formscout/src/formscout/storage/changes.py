"""The store behind open streams and waiting polls: one look for all of a process, however many sessions they follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from formscout.domain.crawls import SessionEvent
from formscout.domain.ids import CrawlSessionId
from formscout.storage.database import Database

EVENTS_AT_ONCE: Final = 5000
"""Events of one look at most, some 1 MB; the next look goes on behind them."""

_CHANGES: Final = """
    SELECT seen.id, session.last_event, session.version
    FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) AS seen (id, event, version)
    LEFT JOIN crawl_session AS session ON session.id = seen.id
    WHERE session.id IS NULL OR session.last_event > seen.event OR session.version > seen.version
"""

_EVENTS: Final = """
    SELECT event.session_id, event.sequence, event.created_at, event.kind, event.data
    FROM unnest($1::bigint[], $2::integer[]) AS seen (id, event)
    JOIN session_event AS event ON event.session_id = seen.id AND event.sequence > seen.event
    ORDER BY event.session_id, event.sequence LIMIT $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of a session; None: nobody asks for it."""

    session_id: CrawlSessionId
    event: int | None
    version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A session of which there is more than was known."""

    session_id: CrawlSessionId
    is_deleted: bool
    last_event: int
    version: int


async def find_changes(database: Database, seen: Sequence[Seen]) -> list[Change]:
    """Return the sessions that have changed. Raises `StoreUnavailableError`."""
    arguments = ([one.session_id for one in seen], [one.event for one in seen], [one.version for one in seen])
    return [
        Change(
            session_id=CrawlSessionId(row["id"]),
            is_deleted=row["version"] is None,
            last_event=row["last_event"] or 0,
            version=row["version"] or 0,
        )
        for row in await database.find_rows(_CHANGES, *arguments)
    ]


async def find_events(database: Database, after: Mapping[CrawlSessionId, int]) -> list[SessionEvent]:
    """Return the sessions' events above these sequence numbers, in order, no more than `EVENTS_AT_ONCE`. Raises `StoreUnavailableError`."""
    rows = await database.find_rows(_EVENTS, list(after), list(after.values()), EVENTS_AT_ONCE)
    return [
        SessionEvent(
            session_id=CrawlSessionId(row["session_id"]),
            sequence=row["sequence"],
            at=row["created_at"],
            kind=row["kind"],
            data=row["data"],
        )
        for row in rows
    ]

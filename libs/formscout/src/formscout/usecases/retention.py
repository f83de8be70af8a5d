"""Retention: what is old goes by itself, a batch at a time; what people look at stays."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from formscout.storage.database import Database
from formscout.usecases.deletion import BATCH_ROWS, PAUSE_SECONDS, purge_session
from formscout.usecases.unit_of_work import unit_of_work

SESSIONS_LOOKED_UP: Final = 20
"""Sessions of one look-up; each is emptied in batches of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many days each kind is kept after its end; 0 keeps it for ever."""

    sessions: float
    snapshots: float
    events: float
    jobs: float
    ticks: float


async def age(database: Database, keep: Retention, *, batches: int) -> None:
    """Take away some of what is old: `batches` transactions of each kind or so. The ledger is no part of it."""
    steps: tuple[tuple[float, Callable[[Database, float], Awaitable[bool]]], ...] = (
        (keep.events, _age_events),
        (keep.snapshots, _age_snapshots),
        (keep.jobs, _age_jobs),
        (keep.ticks, _age_ticks),
        (keep.sessions, _age_sessions),
    )
    for days, step in steps:
        for _ in range(batches if days else 0):
            if not await step(database, days):
                break
            await asyncio.sleep(PAUSE_SECONDS)


async def _age_sessions(database: Database, days: float) -> bool:
    async with unit_of_work(database) as work:
        found = await work.retention.old_sessions(days=days, limit=SESSIONS_LOOKED_UP)
    for session_id in found:
        gone = False
        while not gone:
            gone = await purge_session(database, session_id)
            await asyncio.sleep(PAUSE_SECONDS)
    return bool(found)


async def _age_snapshots(database: Database, days: float) -> bool:
    async with unit_of_work(database) as work:
        found = await work.retention.with_old_snapshots(days=days, limit=SESSIONS_LOOKED_UP)
        for session_id in found:
            await work.retention.forget_snapshots(session_id)
            await work.deletion.sweep(session_id)
    return bool(found)


async def _age_events(database: Database, days: float) -> bool:
    async with unit_of_work(database) as work:
        found = await work.retention.with_old_events(days=days, limit=SESSIONS_LOOKED_UP)
    for session_id in found:
        removed = 1
        while removed:
            async with unit_of_work(database) as work:
                removed = await work.retention.drop_events(session_id, limit=BATCH_ROWS)
    return bool(found)


async def _age_jobs(database: Database, days: float) -> bool:
    async with unit_of_work(database) as work:
        return await work.retention.drop_jobs(days=days, limit=BATCH_ROWS) == BATCH_ROWS


async def _age_ticks(database: Database, days: float) -> bool:
    async with unit_of_work(database) as work:
        return await work.retention.drop_ticks(days=days, limit=BATCH_ROWS) == BATCH_ROWS

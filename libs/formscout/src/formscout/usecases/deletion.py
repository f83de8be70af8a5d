"""Deletion of a network, a project or a company: hidden at once, then removed bit by bit, with its blobs."""

import asyncio
from contextlib import suppress
from typing import Final

from formscout.domain.companies import Caller
from formscout.domain.crawls import CrawlState
from formscout.domain.errors import LeaseLostError, NotFoundError
from formscout.domain.ids import CompanyId, CrawlSessionId, NetworkId, ProjectId
from formscout.storage.database import Database
from formscout.storage.deletion import Deletable, DeletionStore
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases.companies import require_manager, require_operator
from formscout.usecases.crawls import end_session
from formscout.usecases.unit_of_work import unit_of_work

BATCH_ROWS: Final = 500
"""Rows of one transaction: some 10 ms, so that nobody who waits for one of its locks notices."""

SESSIONS_AT_ONCE: Final = 10
"""Sessions looked up at a time, a batch of each: most have few rows."""

PAUSE_SECONDS: Final = 0.02
"""Between two batches: the disk and the other transactions get the greater part of the time."""

LATE_SECONDS: Final = 2 * 60 * 60.0
"""Until a session's blobs are looked at a second time: a worker that was cut off may write one more until its hard limit, an hour."""

SWEEP_AGAIN_SECONDS: Final = 10 * 60.0
"""Until blobs are looked at again that could not be deleted, or whose sweeper died."""

CANCELLED_SENTENCE: Final = "Cancelled: its network was deleted."


async def delete_network(database: Database, caller: Caller, *, network_id: NetworkId) -> None:
    """Delete a network with its sessions, credentials and schedule; again changes nothing."""
    await _delete(database, caller, Deletable.NETWORK, network_id)


async def delete_project(database: Database, caller: Caller, *, project_id: ProjectId) -> None:
    """Delete a project with its networks; again changes nothing."""
    await _delete(database, caller, Deletable.PROJECT, project_id)


async def delete_company(database: Database, caller: Caller, *, company_id: CompanyId) -> None:
    """Delete a company with all that it has, its users, keys, budgets and ledger included; operators only. Again changes nothing."""
    await _delete(database, caller, Deletable.COMPANY, company_id)


async def remove_deleted(database: Database, *, batches: int) -> bool:
    """Remove some of what is marked, `batches` transactions or so; tell whether more is left.

    What breaks off goes on where it stopped, since every batch leaves less.
    """
    async with unit_of_work(database) as work:
        await work.deletion.mark_contained()
    for _ in range(batches):
        if not await _remove_some(database):
            return False
        await asyncio.sleep(PAUSE_SECONDS)
    return True


async def purge_session(database: Database, session_id: CrawlSessionId) -> bool:
    """Remove a batch of what hangs on a session that has ended; with the last one its row, and a note that its blobs are to be deleted.

    Returns whether it is gone.
    """
    async with unit_of_work(database) as work:
        if await work.deletion.empty_session(session_id, limit=BATCH_ROWS) >= BATCH_ROWS:
            return False
        await work.deletion.drop_session(session_id)
        return True


async def sweep_blobs(database: Database, snapshots: SnapshotStore) -> bool:
    """Delete the blobs of one session that is gone; tell whether there was one.

    Rows go first, then blobs: after a crash in between the note is still there. No transaction is open while the store works. A second
    look, later, finds what a worker that was cut off wrote after the first.
    """
    async with database.begin() as connection:
        taken = await DeletionStore(connection).take_sweep(again_after=SWEEP_AGAIN_SECONDS)
    if taken is None:
        return False
    session_id, passes = taken
    await snapshots.delete_session(session_id)
    async with database.begin() as connection:
        await DeletionStore(connection).swept(session_id, again_after=None if passes else LATE_SECONDS)
    return True


async def _delete(database: Database, caller: Caller, what: Deletable, row_id: int) -> None:
    async with unit_of_work(database) as work:
        owner = await work.deletion.owner(what, row_id)
        if owner is None or not caller.may_see(owner):
            raise NotFoundError(what, row_id)
        if what is Deletable.COMPANY:
            require_operator(caller, "delete companies")
        else:
            require_manager(caller, f"delete {what}s")
        await work.deletion.mark(what, row_id)


async def _remove_some(database: Database) -> bool:
    """Remove one batch; tell whether there was one. Sessions that still run are ended first: their workers' later writes are refused."""
    async with unit_of_work(database) as work:
        live = await work.deletion.live_sessions(limit=BATCH_ROWS)
        ended = [] if live else await work.deletion.ended_sessions(limit=SESSIONS_AT_ONCE)
    for session_id in live:
        await _end(database, session_id)
    for session_id in ended:
        await purge_session(database, session_id)
    if live or ended:
        return True
    async with unit_of_work(database) as work:
        deletion = work.deletion
        return bool(
            await deletion.drop_networks(limit=BATCH_ROWS)
            or await deletion.drop_projects(limit=BATCH_ROWS)
            or await deletion.empty_company(limit=BATCH_ROWS)
            or await deletion.drop_companies(limit=BATCH_ROWS)
        )


async def _end(database: Database, session_id: CrawlSessionId) -> None:
    with suppress(LeaseLostError):  # somebody else removed it meanwhile
        async with unit_of_work(database) as work:
            if not (await work.crawls.lock(session_id)).state.is_final:
                await end_session(work, session_id, CrawlState.CANCELLED, sentence=CANCELLED_SENTENCE)

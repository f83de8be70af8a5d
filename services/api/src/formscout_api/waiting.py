"""Polls that wait for news (`Prefer: wait=N`, RFC 7240), without asking the database for each of them."""

import asyncio
import re
from collections.abc import Sequence
from time import monotonic
from typing import Final
from uuid import UUID

from fastapi import Request

from formscout.domain.companies import Caller
from formscout.domain.crawls import CrawlStatus
from formscout.usecases.crawls import find_status
from formscout_api.streams import gone
from formscout_api.wiring import Wiring

_WAIT: Final = re.compile(r'(?:^|[,;])\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=[,;]|$)', re.IGNORECASE)


def seconds_of(preferences: Sequence[str], *, longest: int) -> int:
    """Return how long a client would wait, no longer than `longest`; 0 when it says nothing that we understand, as the RFC wants."""
    for preference in preferences:
        if found := _WAIT.search(preference):
            return min(int(found[1]), longest)
    return 0


def etag_of(status: CrawlStatus) -> str:
    """Return what changes with everything that a status shows."""
    return f'"{status.version}-{status.queue_position or 0}"'


async def wait_for_news(
    request: Request,
    wiring: Wiring,
    caller: Caller,
    task: UUID,
    status: CrawlStatus,
    *,
    known: str,
    seconds: float,
) -> CrawlStatus:
    """Return the status once it is not the `known` one (any, when the client knows none: once it is final), or when the time is over.

    Raises `TooManyFollowersError`, `StoreUnavailableError`, and `NotFoundError` when the session is deleted meanwhile.
    """
    if _is_news(status, known):
        return status
    wiring.watch.enter(caller.user_id)
    leaving = asyncio.ensure_future(gone(request.receive))
    ends = monotonic() + seconds
    try:
        while not _is_news(status, known) and not leaving.done() and (left := ends - monotonic()) > 0:
            changed = await wiring.watch.wait_for_change(status.session_id, status.version, seconds=left, gone=leaving)
            status = await find_status(wiring.database, caller, task)  # its place in the queue may be another without a change
            if not changed:
                break
    finally:
        leaving.cancel()
        wiring.watch.leave(caller.user_id)
    return status


def _is_news(status: CrawlStatus, known: str) -> bool:
    return status.state.is_final or (bool(known) and etag_of(status) not in known)

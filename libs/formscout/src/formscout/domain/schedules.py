"""Schedules: when a network is discovered by itself."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from formscout.domain.crawls import CrawlOptions
from formscout.domain.ids import CrawlSessionId, NetworkId, ProductId, UserId


class DueOutcome(StrEnum):
    """What came of a schedule's latest due time."""

    STARTED = "started"  # a session of its own
    JOINED = "joined"  # the network was being discovered already; that session counts for it
    REFUSED = "refused"  # it cannot be done as it is; `note` says what to change, and the next due time is tried again
    WAITING = "waiting"  # it could not be accepted yet; `note` says why, and it is tried again soon


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A network's recurring discovery: a cron line in a time zone, and in whose name it runs."""

    network_id: NetworkId
    cron: str  # minute hour day-of-month month day-of-week
    time_zone: str  # an IANA name
    user_id: UserId  # whose request each due run is
    product_id: ProductId
    options: CrawlOptions = field(default_factory=CrawlOptions)  # but for `robots`, which is the network's own when it runs
    next_due_at: datetime | None  # None: it does not come any more
    last_due_at: datetime | None = None
    last_session_id: CrawlSessionId | None = None
    last_outcome: DueOutcome | None = None
    note: str | None = None  # what its owner should know about the latest due time

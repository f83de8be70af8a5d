"""Bodies of schedules."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from formscout.domain.crawls import CrawlMode, CrawlOptions
from formscout.domain.ids import ProductId, UserId
from formscout.domain.schedules import DueOutcome, Schedule
from formscout.usecases.cron import LONGEST_LINE
from formscout.usecases.schedules import ScheduleDraft
from formscout_api.schemas.shapes import Body, Id, View

_DEFAULTS = CrawlOptions()


class ScheduleIn(Body):
    """When a network shall be discovered by itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"cron": "0 3 * * 1-5", "time_zone": "Europe/Berlin"}]})

    cron: Annotated[
        str,
        StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=LONGEST_LINE, pattern=r"^[^\x00-\x1f\x7f]*$"),
        Field(description="minute hour day-of-month month day-of-week; at least 5 minutes apart.", examples=["0 3 * * 1-5"]),
    ]
    time_zone: Annotated[
        str,
        StringConstraints(strict=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$"),
        Field(description="An IANA name.", examples=["Europe/Berlin"]),
    ] = "UTC"
    user_id: Id | None = Field(default=None, description="In whose name it runs; you when left out. An operator has to say.")
    product_id: Id | None = Field(default=None, description="May be left out by a company with one active subscription.")
    max_pages: Annotated[int, Field(strict=True, ge=1, le=100_000, description="Visits at most.")] = _DEFAULTS.max_pages
    max_minutes: Annotated[int, Field(strict=True, ge=1, le=24 * 60)] = _DEFAULTS.max_minutes
    mode: CrawlMode = Field(default=CrawlMode.OBSERVE, description="`observe` changes nothing; `submit` is for throw-away environments.")

    def draft(self) -> ScheduleDraft:
        """Return what the schedule shall be."""
        return ScheduleDraft(
            cron=self.cron,
            time_zone=self.time_zone,
            user_id=None if self.user_id is None else UserId(self.user_id),
            product_id=None if self.product_id is None else ProductId(self.product_id),
            options=CrawlOptions(max_pages=self.max_pages, max_minutes=self.max_minutes, mode=self.mode),
        )


class ScheduleOut(View):
    """When a network is discovered by itself, and what came of its latest due time."""

    network_id: int
    cron: str
    time_zone: str
    user_id: int
    product_id: int
    max_pages: int
    max_minutes: int
    mode: CrawlMode
    next_due_at: datetime | None
    last_due_at: datetime | None
    last_session_id: int | None
    last_outcome: DueOutcome | None = Field(
        description="`started`; `joined` a session that ran already; `refused`: `note` says what to change; `waiting`: tried again soon.",
    )
    note: str | None

    @classmethod
    def of(cls, schedule: Schedule) -> "ScheduleOut":
        """Return the body that shows a schedule."""
        options = schedule.options
        return cls(
            network_id=schedule.network_id,
            cron=schedule.cron,
            time_zone=schedule.time_zone,
            user_id=schedule.user_id,
            product_id=schedule.product_id,
            max_pages=options.max_pages,
            max_minutes=options.max_minutes,
            mode=options.mode,
            next_due_at=schedule.next_due_at,
            last_due_at=schedule.last_due_at,
            last_session_id=schedule.last_session_id,
            last_outcome=schedule.last_outcome,
            note=schedule.note,
        )

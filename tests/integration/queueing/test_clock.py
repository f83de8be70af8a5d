"""The clock on the real database: each tick a row and a job, once, however many beats there are and whatever was missed."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from celery.schedules import crontab
from tests.support.sessions import rows, scalar

from formscout.queueing.app import create_app
from formscout.queueing.messages import RESET_MONTHLY_BUDGETS
from formscout.storage.database import Database
from formscout.usecases.clock import tick
from formscout_scheduler.schedule import KIND_OF, RETRY_SECONDS, RowScheduler

NAME = "reset-monthly-budgets"
HOURLY = {NAME: {"task": RESET_MONTHLY_BUDGETS, "schedule": crontab(minute="0")}}


def this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
async def start(redis_url: str) -> AsyncIterator[Callable[[Database], RowScheduler]]:
    """Return what makes a beat that ticks every hour."""
    app = create_app("test-beat", redis_url, queue=None)
    app.conf.beat_schedule = HOURLY

    def make(database: Database) -> RowScheduler:
        return RowScheduler.on(database, asyncio.get_running_loop())(app=app)

    yield make
    app.close()


async def pass_over(*beats: RowScheduler) -> list[float]:
    """Let each beat make one pass, all at the same moment, in threads as in the real process."""
    return list(await asyncio.gather(*(asyncio.to_thread(beat.tick) for beat in beats)))


async def ticks(database: Database) -> list[datetime]:
    return [at for (at,) in await rows(database, "SELECT due_at FROM due ORDER BY due_at")]


async def jobs(database: Database) -> int:
    return int(await scalar(database, "SELECT count(*) FROM job WHERE kind = 'reset_budgets'"))


Start = Callable[[Database], RowScheduler]


async def test_the_first_pass_writes_where_the_clock_stands(database: Database, start: Start) -> None:
    beat = start(database)
    (wait,) = await pass_over(beat)
    assert 0 <= wait <= beat.max_interval
    assert await ticks(database) == [this_hour()]
    await pass_over(beat)
    assert (await ticks(database), await jobs(database)) == ([this_hour()], 1)


@pytest.mark.parametrize("missed", [1, 5])
async def test_missed_ticks_are_caught_up_by_the_latest_once(database: Database, start: Start, missed: int) -> None:
    stopped = this_hour() - timedelta(hours=missed)
    await tick(database, NAME, due_at=stopped, kind=KIND_OF[RESET_MONTHLY_BUDGETS])
    for _ in range(3):  # restarted again and again
        beat = start(database)
        await pass_over(beat)
        await pass_over(beat)
    assert await ticks(database) == [stopped, this_hour()]
    assert await jobs(database) == 2


async def test_beats_at_the_same_moment_write_one_row(database: Database, start: Start) -> None:
    beats = [start(database) for _ in range(4)]
    await tick(database, NAME, due_at=this_hour() - timedelta(hours=1), kind=KIND_OF[RESET_MONTHLY_BUDGETS])
    await pass_over(*beats)
    assert (len(await ticks(database)), await jobs(database)) == (2, 2)


async def test_nothing_is_written_before_it_is_due(database: Database, start: Start) -> None:
    await tick(database, NAME, due_at=this_hour(), kind=KIND_OF[RESET_MONTHLY_BUDGETS])
    await pass_over(start(database))
    assert (len(await ticks(database)), await jobs(database)) == (1, 1)


async def test_a_tick_that_could_not_be_written_is_tried_again(database: Database, start: Start) -> None:
    with socket.socket() as closed:  # bound and not listening: a connection is refused
        closed.bind(("127.0.0.1", 0))
        away = Database.connect(f"postgresql://127.0.0.1:{closed.getsockname()[1]}/away")
        beat = start(away)
        assert await pass_over(beat) == [RETRY_SECONDS]
    beat.database = database
    await pass_over(beat)
    assert (await ticks(database), await jobs(database)) == ([this_hour()], 1)

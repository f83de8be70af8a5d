"""Checks of the queues: is somebody leading, ringing, mending and working, and does an autoscaler see what the rows say."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import redis.asyncio

from formscout.checkup.findings import Finding, fail, ok, warn
from formscout.domain.jobs import Queue
from formscout.queueing.intake import MALFORMED_COUNTS_KEY
from formscout.queueing.presence import GONE_SECONDS, WORKERS_KEY, Worker, present
from formscout.queueing.queues import RULES, UNROUTED
from formscout.storage.database import Database
from formscout.storage.inspection import InspectionStore, Lead
from formscout.storage.jobs import JobStore, QueueFigures
from formscout.usecases.clock import LEADERSHIP

OVERDUE_SECONDS: Final = 15.0
"""How long after the end of a lease its job may go unnoticed: three looks of the reconciler."""

RUNG_SECONDS: Final = 5.0
"""How long a runnable job may be without a message: twenty looks of the dispatcher."""

OLD_SECONDS: Final = 900.0
"""How long a job may wait before somebody should look at it, however many workers there are."""

LOOKS: Final = 4
LOOK_SECONDS: Final = 1.0
"""Messages and rows change one after the other, so a difference counts only when this many looks, so far apart, all show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One queue, by its rows and by what an autoscaler reads in Redis."""

    queue: Queue
    waiting: int  # rows that could start now, up to the dispatcher's bound; what a company's cap holds back could not
    running: int  # rows
    oldest_seconds: float
    messages: int  # in the list
    in_flight: int  # in the hash
    kinds: tuple[str, str] = ("list", "hash")  # as Redis has them; an autoscaler counts by kind


async def look_at_leader(database: Database) -> Sequence[Finding]:
    """See whether a scheduler leads."""
    async with database.look() as connection:
        return [judge_lead(await InspectionStore(connection).lead(LEADERSHIP))]


def judge_lead(lead: Lead | None) -> Finding:
    """Say whether a scheduler leads."""
    start = "Start the scheduler, and see what its log says."
    if lead is None:
        return fail("leader", "No scheduler ever led this installation: nothing is dispatched, mended or cleared away.", start)
    if lead.seconds_left <= 0:
        return fail("leader", f"No scheduler leads since {-lead.seconds_left:.0f} s; the last one was {lead.holder}.", start)
    return ok("leader", f"{lead.holder} leads.")


async def look_at_reconciler(database: Database) -> Sequence[Finding]:
    """See whether jobs are taken from workers that died."""
    async with database.look() as connection:
        overdue = await InspectionStore(connection).overdue(seconds=OVERDUE_SECONDS)
    if overdue:
        late = f"The leases of {overdue} jobs ended more than {OVERDUE_SECONDS:.0f} s ago, and nobody took them up again."
        return [fail("reconciler", late, "See what the log of the scheduler that leads says about `reconcile`; restart it.")]
    return [ok("reconciler", "No job is left with a worker that fell silent.")]


async def look_at_dispatcher(database: Database, client: redis.asyncio.Redis, *, cap: int | None) -> Sequence[Finding]:
    """See whether runnable jobs have messages."""
    silent: set[Queue] = set(Queue)
    for _ in range(LOOKS):
        figures, runnable = await _rows(database, cap=cap)
        late = {one.queue for one in figures if runnable[one.queue] and one.oldest_seconds > RUNG_SECONDS}
        silent &= {queue for queue in late if not await client.llen(queue)}
        if not silent:
            return [ok("dispatcher", "Whatever could start has a message.")]
        await asyncio.sleep(LOOK_SECONDS)
    names = ", ".join(sorted(silent))
    mend = "See what the log of the scheduler that leads says about `dispatch`; is it on this Redis?"
    return [fail("dispatcher", f"Jobs wait on {names}, and no message rings for them.", mend)]


async def look_at_queues(database: Database, client: redis.asyncio.Redis) -> Sequence[Finding]:
    """See what waits for long, what was set aside, and what lies where nobody looks."""
    async with database.look() as connection:
        figures = await JobStore(connection).figures()
        set_aside = await InspectionStore(connection).set_aside()
    malformed: Mapping[bytes, bytes] = await client.hgetall(MALFORMED_COUNTS_KEY)  # type: ignore[assignment] # no decoding was asked for
    return judge_queues(
        figures, set_aside=set_aside, unrouted=await client.llen(UNROUTED), malformed=sum(int(count) for count in malformed.values())
    )


def judge_queues(figures: Sequence[QueueFigures], *, set_aside: int, unrouted: int, malformed: int) -> list[Finding]:
    """Say what stands in the queues, and what somebody should see to."""
    check = "queues"
    found = [
        warn(check, f"A job waits on {one.queue} since {one.oldest_seconds:.0f} s.", "Add workers, or see why they do not come to it.")
        for one in figures
        if one.oldest_seconds > OLD_SECONDS
    ]
    if set_aside:
        mend = "See `formscout jobs list --state set_aside`, then retry or cancel them."
        found.append(warn(check, f"{set_aside} jobs are set aside, having lost their worker again and again.", mend))
    if unrouted:
        mend = "See who sends them; nothing of ours does. Nobody reads that list."
        found.append(warn(check, f"{unrouted} messages lie in the Redis list {UNROUTED}.", mend))
    if malformed:
        mend = "See the Redis list formscout:malformed for who sends them; then delete it, and formscout:malformed:counts."
        found.append(warn(check, f"{malformed} messages that nobody can read were set aside.", mend))
    states = (f"{one.queue}: {one.waiting} waiting, {one.running} running, {one.delayed} for later" for one in figures)
    return found or [ok(check, f"{'; '.join(states)}.")]


async def look_at_workers(database: Database, client: redis.asyncio.Redis) -> Sequence[Finding]:
    """See which workers said lately that they are there; none is asked."""
    entries: dict[bytes, bytes] = await client.hgetall(WORKERS_KEY)  # type: ignore[assignment] # no decoding was asked for
    async with database.look() as connection:
        figures = await JobStore(connection).figures()
    return judge_workers(figures, present(entries, now=time.time()))


def judge_workers(figures: Sequence[QueueFigures], workers: Sequence[Worker]) -> list[Finding]:
    """Say of each queue who works on it."""
    found = []
    for one in figures:
        there = [worker for worker in workers if worker.queue is one.queue]
        slots = sum(worker.slots for worker in there)
        if there:
            found.append(ok("workers", f"{one.queue}: {len(there)} workers with {slots} slots spoke within {GONE_SECONDS} s."))
        elif one.waiting or one.running:
            work = f"{one.waiting} jobs wait and {one.running} run"
            found.append(
                fail("workers", f"{one.queue}: no worker is there, though {work}.", f"Start workers of {one.queue}; see their logs.")
            )
        else:
            mend = "Start one, unless an autoscaler does that when work comes."
            found.append(warn("workers", f"{one.queue}: no worker is there; nothing waits.", mend))
    return found


async def look_at_autoscaler(database: Database, client: redis.asyncio.Redis, *, cap: int | None) -> Sequence[Finding]:
    """See whether the two counts that KEDA adds up agree with the rows."""
    objections: dict[Queue, Finding] = {}
    for number in range(LOOKS):
        if number:
            await asyncio.sleep(LOOK_SECONDS)
        views = await _views(database, client, cap=cap)
        objections = {view.queue: found for view in views if (found := objection(view)) and (not number or view.queue in objections)}
        if not objections:
            return [ok("autoscaler", "What KEDA counts (list and in-flight hash of each queue) agrees with the rows.")]
    return list(objections.values())


def objection(view: View) -> Finding | None:
    """Say how an autoscaler would err about a queue; None where it would not."""
    check, queue = "autoscaler", view.queue
    if any(kind not in (wanted, "none") for kind, wanted in zip(view.kinds, ("list", "hash"), strict=True)):
        strange = f"{queue}: the keys {queue} and unacked:{queue} are a {view.kinds[0]} and a {view.kinds[1]}, not a list and a hash."
        return fail(check, strange, "Something else uses this Redis database: give Formscout one of its own, then delete these keys.")
    seen = view.messages + view.in_flight
    if view.waiting and not seen and view.oldest_seconds > RUNG_SECONDS:
        return fail(check, f"{queue}: {view.waiting} jobs wait, and KEDA sees none: no worker would be started.", "See `dispatcher`.")
    if view.running > view.in_flight:
        less = f"{queue}: {view.running} jobs run, and KEDA sees {view.in_flight}: busy workers may be taken away."
        return warn(check, less, "If no message was lost by a restart of Redis just now, see whether its memory was emptied.")
    if view.in_flight > view.running:
        limit = RULES[queue].visibility_timeout
        more = f"{queue}: {view.running} jobs run, and KEDA sees {view.in_flight}: more workers are kept than are needed."
        left = f"A worker that died leaves its message for {limit} s"
        return warn(check, more, f"{left}; if it stays longer, see why no worker of {queue} takes it up.")
    return None


async def _views(database: Database, client: redis.asyncio.Redis, *, cap: int | None) -> list[View]:
    figures, runnable = await _rows(database, cap=cap)
    async with client.pipeline(transaction=False) as pipeline:
        for one in figures:
            for key in (one.queue, f"unacked:{one.queue}"):
                pipeline.type(key)
        kinds = [kind.decode() for kind in await pipeline.execute()]
    views = []
    for number, one in enumerate(figures):
        listed, hashed = kinds[2 * number : 2 * number + 2]
        views.append(
            View(
                queue=one.queue,
                waiting=runnable[one.queue],
                running=one.running,
                oldest_seconds=one.oldest_seconds,
                messages=await client.llen(one.queue) if listed == "list" else 0,
                in_flight=await client.hlen(f"unacked:{one.queue}") if hashed == "hash" else 0,
                kinds=(listed, hashed),
            )
        )
    return views


async def _rows(database: Database, *, cap: int | None) -> tuple[Sequence[QueueFigures], Mapping[Queue, int]]:
    """Return how the queues stand, and how many jobs of each could start, as the dispatcher sees it."""
    async with database.look() as connection:
        store = JobStore(connection)
        runnable = await store.runnable({queue: RULES[queue].max_messages for queue in Queue}, cap=cap)
        return await store.figures(), {queue: len(jobs) for queue, jobs in runnable.items()}

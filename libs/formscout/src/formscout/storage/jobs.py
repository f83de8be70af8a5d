"""The store of jobs: written, claimed under a lease, and ended, each in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Double, Integer, RowMapping, bindparam, case, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.errors import LeaseLostError
from formscout.domain.ids import CompanyId, CrawlSessionId, JobId
from formscout.domain.jobs import LEASE_SECONDS, QUEUE_OF, Claim, Crash, Job, JobKind, JobState, NewJob, Queue, pause_after
from formscout.tables.jobs import job, job_crash
from formscout.telemetry import metrics

_COLUMNS = tuple(
    job.c[name]
    for name in (
        *("id", "kind", "queue", "state", "company_id", "session_id", "form_page_id", "subscription_id", "fence", "attempts"),
        *("cancel_requested", "available_at", "created_at", "lease_until", "heartbeat_at", "worker", "error_code", "error"),
        *("trace_parent", "trace_link"),
    )
)

_BY_INDEX = text("SELECT set_config('enable_seqscan', 'off', true)")
"""For this transaction: a plan made while the table was empty would read the whole of it from then on."""

_NAMES = ", ".join(column.name for column in _COLUMNS)
_CLAIM = text(f"SELECT {_NAMES} FROM claim_job(:queue, :worker, :lease_seconds, :cap)").bindparams(  # noqa: S608 (our own names)
    bindparam("lease_seconds", type_=Double), bindparam("cap", type_=Integer)
)
_RUNNABLE = text(
    f"""
    SELECT {", ".join(f"ready.{column.name}" for column in _COLUMNS)}
    FROM unnest(CAST(:queues AS text[]), CAST(:bounds AS integer[])) AS asked (queue, bound)
    CROSS JOIN LATERAL runnable_jobs(asked.queue, asked.bound, :cap) AS ready
    """,  # noqa: S608 (our own names)
).bindparams(bindparam("cap", type_=Integer))

_LATEST_JOBS = 5_000
"""How far back the figures about waiting look: enough for a steady p95."""

# Those that ended and those that run, each by its index: what waits, however many, is not read.
_WAITS = text(
    f"""
    SELECT queue, percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE lately) AS p50,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY waited) FILTER (WHERE lately) AS p95,
        count(DISTINCT worker) FILTER (WHERE running) AS busy_workers
    FROM unnest(CAST(:queues AS text[])) AS queue CROSS JOIN LATERAL (
        SELECT worker, running, started_at > now() - interval '1 hour' AS lately,
            greatest(0, extract(epoch FROM started_at - available_at))::float8 AS waited
        FROM (
            (SELECT worker, false AS running, started_at, available_at FROM job WHERE job.queue = queue.queue
                AND started_at IS NOT NULL AND ended_at > now() - interval '1 hour' ORDER BY ended_at DESC LIMIT {_LATEST_JOBS})
            UNION ALL SELECT worker, true, started_at, available_at FROM job WHERE job.queue = queue.queue AND state = 'running'
        ) AS began
    ) AS known GROUP BY queue
    """,  # noqa: S608 (a number of ours)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """How a queue stands, in jobs and seconds."""

    queue: Queue
    waiting: int  # runnable now
    delayed: int  # queued for later
    running: int
    oldest_seconds: float  # how long the oldest runnable job has waited


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueWaits:
    """How long the jobs of a queue waited that started in the last hour, in seconds; None where none did."""

    queue: Queue
    p50: float | None
    p95: float | None
    busy_workers: int


class JobStore:
    """Jobs on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, jobs: Sequence[NewJob]) -> None:
        """Write jobs, runnable at once; the queued row is itself the outbox."""
        if jobs:
            await self._connection.execute(insert(job), [_values(new) for new in jobs])

    async def claim(self, queue: Queue, *, worker: str, cap: int | None = None, lease_seconds: float = LEASE_SECONDS) -> Claim | None:
        """Take the fairest runnable job under a lease and a new fence, or None.

        It is the oldest of the company with the least weighted work in hand that is under its cap; of companies with as much, the one
        served least lately. `cap`: of companies without one of their own. Claims of a queue come one by one, until the transaction ends.
        """
        values = {"queue": queue, "worker": worker, "lease_seconds": lease_seconds, "cap": cap}
        row = (await self._connection.execute(_CLAIM, values)).mappings().one_or_none()
        return None if row is None else Claim(job=_job(row), lease_seconds=lease_seconds)

    async def renew(self, claim: Claim) -> bool:
        """Lengthen the lease; return whether cancelling was asked for. Raises `LeaseLostError`."""
        return await self._write(
            claim,
            {"heartbeat_at": func.now(), "lease_until": func.now() + func.make_interval(0, 0, 0, 0, 0, 0, claim.lease_seconds)},
        )

    async def hold(self, claim: Claim, *, progressed: bool = False) -> bool:
        """Prove that the claim still holds and lock it for this transaction; with `progressed`, crashes are forgotten.

        Returns whether cancelling was asked for. Raises `LeaseLostError`, also when the lease has run out and nobody saw it yet:
        the pages that it holds are free then.
        """
        values = {"attempts": 0} if progressed else {"heartbeat_at": func.now()}
        return await self._write(claim, values, job.c.lease_until > func.now())

    async def end(self, claim: Claim, state: JobState, *, code: str | None = None, message: str | None = None) -> None:
        """End a claimed job. Raises `LeaseLostError`."""
        await self._write(
            claim,
            {"state": state, "ended_at": func.now(), "lease_until": None, "error_code": code, "error": message},
        )

    async def put_back(self, claim: Claim, *, seconds: float, reason: str) -> None:
        """Queue a claimed job again after a delay; no attempt is spent. Raises `LeaseLostError`."""
        available = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        await self._write(claim, {"state": JobState.QUEUED, "lease_until": None, "available_at": available, "error_code": reason})

    async def wake(self, reason: str, *, company_id: CompanyId | None = None) -> int:
        """Let the jobs run now that were put back for this reason, a company's or all; returns how many."""
        waiting = (job.c.state == JobState.QUEUED) & (job.c.error_code == reason) & (job.c.available_at > func.now())
        if company_id is not None:
            waiting &= job.c.company_id == company_id
        return (await self._connection.execute(update(job).where(waiting).values(available_at=func.now()))).rowcount

    async def abandon(self, claim: Claim, error: str) -> None:
        """Let a claim's lease run out now: the work crashed, and the reconciler spends an attempt on it."""
        await self._write(claim, {"lease_until": func.now(), "error": error})

    async def requeue_expired(self, *, queue: Queue, max_attempts: int) -> list[Job]:
        """Queue the jobs whose lease ran out again, an attempt spent; return those that shall not run again, still `running`.

        These are the ones whose attempts are spent, and those that were to be cancelled. The caller ends them with what follows from it.
        The others wait the longer the more often they crashed in a row. Each crash is written down.
        """
        await self._connection.execute(_BY_INDEX)
        expired = select(job.c.id).where(job.c.state == JobState.RUNNING, job.c.lease_until <= func.now(), job.c.queue == queue)
        # A CTE of its own: inside the update's condition the planner may run a locking subquery more than once.
        found = expired.limit(100).with_for_update(skip_locked=True).cte("expired")
        over = (job.c.attempts + 1 >= max_attempts) | job.c.cancel_requested
        pause = case({crashes: pause_after(crashes) for crashes in range(1, max(2, max_attempts))}, value=job.c.attempts + 1, else_=0)
        # One update a row: at a second one in a transaction PostgreSQL checks the foreign keys again, which locks the session after
        # the job; everybody else locks them the other way round, and the two would wait for each other.
        values = {
            "attempts": job.c.attempts + 1,
            "fence": job.c.fence + 1,
            "state": case((over, JobState.RUNNING), else_=JobState.QUEUED),
            "lease_until": case((over, job.c.lease_until), else_=None),
            "available_at": case((over, job.c.available_at), else_=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, pause)),
        }
        spent = update(job).where(job.c.id == found.c.id).values(values).returning(*_COLUMNS)
        jobs = [_job(row) for row in (await self._connection.execute(spent)).mappings()]
        if jobs:
            await self._connection.execute(insert(job_crash).values(at=func.now()), [_crash_values(one) for one in jobs])
            metrics.LEASES_EXPIRED.inc(len(jobs), queue=queue)
        return [one for one in jobs if one.state is JobState.RUNNING]

    async def crashes(self, job_id: JobId, *, limit: int = 100) -> list[Crash]:
        """Return a job's latest crashes, the last one first."""
        statement = select(job_crash).where(job_crash.c.job_id == job_id).order_by(job_crash.c.id.desc()).limit(limit)
        names = ("at", "attempt", "worker", "heartbeat_at", "error")
        return [Crash(**{name: row[name] for name in names}) for row in (await self._connection.execute(statement)).mappings()]

    async def lock(self, job_id: JobId) -> Job | None:
        """Lock a job for this transaction and return it, or None; its session, if it has one, is locked before."""
        row = (await self._connection.execute(select(*_COLUMNS).where(job.c.id == job_id).with_for_update())).mappings().one_or_none()
        return None if row is None else _job(row)

    async def requeue(self, job_id: JobId) -> None:
        """Queue a locked job as if it were new: runnable at once, all attempts before it."""
        await self._set(job_id, state=JobState.QUEUED, attempts=0, available_at=func.now(), ended_at=None, error_code=None, error=None)

    async def take_out(self, job_id: JobId, state: JobState, *, code: str, message: str) -> None:
        """End a locked job by request; a worker that has it in hand loses it."""
        await self._set(job_id, state=state, ended_at=func.now(), error_code=code, error=message)

    async def request_cancel_of(self, job_id: JobId) -> None:
        """Mark one locked job that is running; its worker learns it with its next write."""
        await self._connection.execute(update(job).where(job.c.id == job_id).values(cancel_requested=True))

    async def end_all(self, session_id: CrawlSessionId, state: JobState, *, kind: JobKind | None = None) -> None:
        """End every job of a session that has not ended; running ones lose their lease by it."""
        which = (job.c.session_id == session_id) & job.c.state.in_((JobState.QUEUED, JobState.RUNNING))
        if kind is not None:
            which &= job.c.kind == kind
        await self._connection.execute(update(job).where(which).values(state=state, ended_at=func.now(), fence=job.c.fence + 1))

    async def request_cancel(self, session_id: CrawlSessionId) -> None:
        """Mark the running jobs of a session; their workers learn it with their next write."""
        which = (job.c.session_id == session_id) & (job.c.state == JobState.RUNNING)
        await self._connection.execute(update(job).where(which).values(cancel_requested=True))

    async def count(self, session_id: CrawlSessionId, kind: JobKind, *states: JobState) -> int:
        """Count the session's jobs of this kind in these states."""
        statement = select(func.count()).where(job.c.session_id == session_id, job.c.kind == kind, job.c.state.in_(states))
        number: int = (await self._connection.execute(statement)).scalar_one()
        return number

    async def has(self, session_id: CrawlSessionId, kind: JobKind, *states: JobState) -> bool:
        """Tell whether the session has a job of this kind in one of the states."""
        statement = select(1).where(job.c.session_id == session_id, job.c.kind == kind, job.c.state.in_(states)).limit(1)
        return (await self._connection.execute(statement)).first() is not None

    async def first_trace(self, session_id: CrawlSessionId) -> str | None:
        """Return the `traceparent` of whoever asked for a session, if that is known."""
        statement = select(job.c.trace_parent).where(job.c.session_id == session_id).order_by(job.c.id).limit(1)
        found: str | None = (await self._connection.execute(statement)).scalar_one_or_none()
        return found

    async def find(self, job_id: JobId) -> Job | None:
        """Return a job, or None."""
        row = (await self._connection.execute(select(*_COLUMNS).where(job.c.id == job_id))).mappings().one_or_none()
        return None if row is None else _job(row)

    async def page(
        self,
        *,
        queue: Queue | None = None,
        state: JobState | None = None,
        company_id: CompanyId | None = None,
        session_id: CrawlSessionId | None = None,
        after: int,
        limit: int,
    ) -> list[Job]:
        """Return jobs with ids above `after`, in order of id; a filter that is None lets all pass."""
        statement = select(*_COLUMNS).where(job.c.id > after).order_by(job.c.id).limit(limit)
        filters = ((job.c.queue, queue), (job.c.state, state), (job.c.company_id, company_id), (job.c.session_id, session_id))
        for column, wanted in filters:
            if wanted is not None:
                statement = statement.where(column == wanted)
        return [_job(row) for row in (await self._connection.execute(statement)).mappings()]

    async def running(self, company_id: CompanyId | None, *, limit: int = 1000) -> list[Job]:
        """Return the jobs being worked on, of one company or of all (None)."""
        statement = select(*_COLUMNS).where(job.c.state == JobState.RUNNING).order_by(job.c.id).limit(limit)
        if company_id is not None:
            statement = statement.where(job.c.company_id == company_id)
        return [_job(row) for row in (await self._connection.execute(statement)).mappings()]

    async def queued(self, company_id: CompanyId | None, *, delayed: bool, limit: int) -> list[Job]:
        """Return the jobs that could start now, or those that wait for a later time; of one company or of all (None)."""
        ready = job.c.available_at <= func.now()
        statement = select(*_COLUMNS).where(job.c.state == JobState.QUEUED, ~ready if delayed else ready).order_by(job.c.id).limit(limit)
        if company_id is not None:
            statement = statement.where(job.c.company_id == company_id)
        return [_job(row) for row in (await self._connection.execute(statement)).mappings()]

    async def waits(self) -> list[QueueWaits]:
        """Return how long jobs lately waited for a worker, and how many workers are at work, by queue."""
        statement = _WAITS.bindparams(queues=[str(queue) for queue in Queue])
        found = {row["queue"]: row for row in (await self._connection.execute(statement)).mappings()}
        idle = {"p50": None, "p95": None, "busy_workers": 0}
        return [QueueWaits(**{**found.get(queue, idle), "queue": queue}) for queue in Queue]

    async def runnable(self, bounds: Mapping[Queue, int], *, cap: int | None = None) -> dict[Queue, list[Job]]:
        """Return by queue the jobs that could start now, no more than its bound; what a company's cap holds back could not."""
        values = {"queues": [str(queue) for queue in bounds], "bounds": list(bounds.values()), "cap": cap}
        found: dict[Queue, list[Job]] = {queue: [] for queue in bounds}
        for row in (await self._connection.execute(_RUNNABLE, values)).mappings():
            one = _job(row)
            found[one.queue].append(one)
        return found

    async def figures(self) -> list[QueueFigures]:
        """Return how each queue stands."""
        ready = job.c.available_at <= func.now()
        queued = job.c.state == JobState.QUEUED
        statement = (
            select(
                job.c.queue,
                func.count().filter(queued & ready).label("waiting"),
                func.count().filter(queued & ~ready).label("delayed"),
                func.count().filter(~queued).label("running"),
                func.coalesce(func.extract("epoch", func.now() - func.min(job.c.available_at).filter(queued & ready)), 0).label("oldest"),
            )
            .where(job.c.state.in_((JobState.QUEUED, JobState.RUNNING)))
            .group_by(job.c.queue)
        )
        found = {row["queue"]: row for row in (await self._connection.execute(statement)).mappings()}
        return [_figures(queue, found.get(queue)) for queue in Queue]

    async def _set(self, job_id: JobId, **values: object) -> None:
        fresh = {"fence": job.c.fence + 1, "lease_until": None, "cancel_requested": False}
        await self._connection.execute(update(job).where(job.c.id == job_id).values(**fresh, **values))

    async def _write(self, claim: Claim, values: dict[str, Any], *more: ColumnElement[bool]) -> bool:  # Any: SQL beside plain values
        mine = (job.c.id == bindparam("claimed")) & (job.c.fence == bindparam("held")) & (job.c.state == JobState.RUNNING)
        statement = update(job).where(mine, *more).values(**values).returning(job.c.cancel_requested)
        row = (await self._connection.execute(statement, {"claimed": claim.job.id, "held": claim.fence})).one_or_none()
        if row is None:
            raise LeaseLostError(f"Job {claim.job.id} is no longer held with fence {claim.fence}.")
        return bool(row[0])


def _values(new: NewJob) -> dict[str, object]:
    return {
        "kind": new.kind,
        "queue": QUEUE_OF[new.kind],
        "state": JobState.QUEUED,
        "company_id": new.company_id,
        "session_id": new.session_id,
        "form_page_id": new.form_page_id,
        "subscription_id": new.subscription_id,
        "trace_parent": new.trace_parent,
        "trace_link": new.trace_link,
    }


def _job(row: RowMapping) -> Job:
    return Job(**{**row, "kind": JobKind(row["kind"]), "queue": Queue(row["queue"]), "state": JobState(row["state"])})


def _crash_values(one: Job) -> dict[str, object]:
    return {"job_id": one.id, "attempt": one.attempts, "worker": one.worker, "heartbeat_at": one.heartbeat_at, "error": one.error}


def _figures(queue: Queue, row: RowMapping | None) -> QueueFigures:
    if row is None:
        return QueueFigures(queue=queue, waiting=0, delayed=0, running=0, oldest_seconds=0.0)
    oldest = float(row["oldest"])
    return QueueFigures(queue=queue, waiting=row["waiting"], delayed=row["delayed"], running=row["running"], oldest_seconds=oldest)

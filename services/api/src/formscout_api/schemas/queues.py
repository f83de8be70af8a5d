"""Bodies of the queues' figures."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Self

from pydantic import Field

from formscout.domain.jobs import Job, JobKind, Queue
from formscout.queueing.messages import TASK_OF
from formscout.usecases.queues import QueueStats
from formscout_api.schemas.shapes import View

UNASSIGNED: Final = "unassigned"
"""Stands for a worker where a job has none: it is bound to one when it is claimed, not before."""


class JobOut(View):
    """A job in hand or waiting."""

    id: int
    name: str = Field(description="The task's name.", examples=["discover_form_pages_task"])
    kind: JobKind
    queue: Queue
    company_id: int | None
    session_id: int | None
    form_page_id: int | None
    attempts: int = Field(description="Crashes spent.")
    created_at: datetime
    available_at: datetime
    heartbeat_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """Shape a job."""
        fields = {name: getattr(job, name) for name in cls.model_fields if name != "name"}
        return cls(name=TASK_OF[job.kind], **fields)


class QueueOut(View):
    """How a queue stands, over all companies; times in seconds."""

    waiting: int = Field(description="Could start now.")
    in_flight: int = Field(description="A worker holds them.")
    delayed: int = Field(description="Queued for later.")
    oldest_age: float = Field(description="How long the oldest has waited.")
    wait_p50: float | None = Field(description="Of the jobs that started in the last hour.")
    wait_p95: float | None
    workers_busy: int = Field(description="They hold jobs, by their leases.")
    workers_present: int | None = Field(description="They said so within 20 s; null while Redis cannot be asked.")
    workers_ready: int | None = Field(description="Jobs that could be taken up at once; null while Redis cannot be asked.")


class QueueStatsOut(View):
    """The caller's own tasks by worker, and every company's counts by queue."""

    active_tasks: dict[str, list[JobOut]]
    scheduled_tasks: dict[str, list[JobOut]]
    reserved_tasks: dict[str, list[JobOut]] = Field(description="They wait for a worker.")
    queues: dict[Queue, QueueOut]

    @classmethod
    def of(cls, stats: QueueStats) -> Self:
        """Shape the figures."""
        waits = {one.queue: one for one in stats.waits}
        return cls(
            active_tasks=_by_worker(stats.active),
            scheduled_tasks=_by_worker(stats.scheduled),
            reserved_tasks=_by_worker(stats.reserved),
            queues={
                one.queue: QueueOut(
                    waiting=one.waiting,
                    in_flight=one.running,
                    delayed=one.delayed,
                    oldest_age=round(one.oldest_seconds, 3),
                    wait_p50=waits[one.queue].p50,
                    wait_p95=waits[one.queue].p95,
                    workers_busy=waits[one.queue].busy_workers,
                    workers_present=stats.present(one.queue),
                    workers_ready=stats.ready(one.queue),
                )
                for one in stats.queues
            },
        )


def _by_worker(jobs: Sequence[Job]) -> dict[str, list[JobOut]]:
    found: dict[str, list[JobOut]] = {}
    for job in jobs:
        worker = job.worker if job.worker is not None and job.lease_until is not None else UNASSIGNED
        found.setdefault(worker, []).append(JobOut.of(job))
    return found

"""Sessions and jobs for tests of the platform's core: asked for by the real use cases, their clocks moved by SQL."""

from typing import Any

from sqlalchemy import text
from tests.support.tenants import Tenant

from formscout.domain.crawls import CrawlOptions, CrawlSession
from formscout.domain.ids import CrawlSessionId, JobId
from formscout.domain.jobs import Claim, Job, NewJob, Queue
from formscout.storage.database import Database
from formscout.usecases.crawls import CrawlRequest, request_discovery
from formscout.usecases.unit_of_work import unit_of_work


def request_of(tenant: Tenant, *, force: bool = False, **options: Any) -> CrawlRequest:  # Any: fields of CrawlOptions
    """Return the company's request for a discovery of its network."""
    return CrawlRequest(
        project_id=tenant.project.id,
        network_id=tenant.network.id,
        user_id=tenant.member.id,
        company_id=tenant.company.id,
        product_id=tenant.product.id,
        options=CrawlOptions(**options),
        force=force,
    )


async def ask(database: Database, tenant: Tenant, *, force: bool = False, **options: Any) -> CrawlSession:  # Any: as above
    """Ask for a discovery and return its session."""
    session, _ = await request_discovery(database, tenant.caller, request_of(tenant, force=force, **options))
    return session


async def session_now(database: Database, session_id: CrawlSessionId) -> CrawlSession:
    """Return a session as it stands."""
    async with unit_of_work(database) as work:
        session = await work.crawls.find(session_id)
    assert session is not None
    return session


async def job_now(database: Database, job_id: JobId) -> Job:
    """Return a job as it stands."""
    async with unit_of_work(database) as work:
        job = await work.jobs.find(job_id)
    assert job is not None
    return job


async def add_jobs(database: Database, *jobs: NewJob) -> None:
    """Write jobs."""
    async with unit_of_work(database) as work:
        await work.jobs.add(jobs)


async def take(database: Database, queue: Queue) -> Claim | None:
    """Claim what comes next, or nothing."""
    async with unit_of_work(database) as work:
        return await work.jobs.claim(queue, worker="test@host")


async def run_out(database: Database, claim: Claim) -> None:
    """Let a claim's lease end, as if its worker had been silent for that long."""
    await execute(database, "UPDATE job SET lease_until = now() - interval '1 second' WHERE id = :id", id=claim.job.id)


async def pass_time(database: Database) -> None:
    """Let whatever was to wait for a later time be ready, as if that time had come."""
    await execute(database, "UPDATE job SET available_at = now() WHERE state = 'queued' AND available_at > now()")


async def execute(database: Database, statement: str, **values: object) -> None:
    """Run a statement."""
    async with database.begin() as connection:
        await connection.execute(text(statement), values)


async def rows(database: Database, statement: str, **values: object) -> list[tuple[Any, ...]]:  # Any: whatever the columns hold
    """Return the rows of a statement."""
    async with database.begin() as connection:
        return [tuple(row) for row in await connection.execute(text(statement), values)]


async def scalar(database: Database, statement: str, **values: object) -> Any:  # Any: as above
    """Return the one value of a statement."""
    return (await rows(database, statement, **values))[0][0]

"""The real analysis worker: it describes what waits, survives its own death, and refuses what it cannot serve."""

import asyncio
import json
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis
from tests.support import databases, workers
from tests.support.processes import START_SECONDS, Ring, Service, Start, worker_arguments
from tests.support.sessions import ask, execute, job_now, run_out, session_now
from tests.support.snapshots import page as snapshot_of
from tests.support.tenants import Tenant

from formscout.domain.crawls import CrawlSession, CrawlState
from formscout.domain.forms import Form, NewForm, NewFormPage
from formscout.domain.ids import JobId
from formscout.domain.jobs import Claim, Job, JobState, Queue
from formscout.domain.pages import VisitOutcome, VisitReport
from formscout.domain.paths import Verification, VerificationStatus
from formscout.domain.snapshots import Snapshot
from formscout.queueing.presence import WORKERS_KEY, present
from formscout.reading import read_forms
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases import slices
from formscout.usecases.jobs import reconcile
from formscout.usecases.unit_of_work import unit_of_work

ANALYSIS = "formscout_analysis.worker"

SIGN_IN = """<form method=post action=/login><h1>Sign in</h1>
<label for=e>E-mail</label><input id=e name=email type=email required autocomplete=username>
<label for=p>Password</label><input id=p name=password type=password required autocomplete=current-password>
<button type=submit>Sign in</button></form>"""


def long_form(rows: int) -> str:
    """Return a form that takes seconds to describe."""
    return f"<form>{''.join(f'<p><label for=f{row}>Field {row}</label><input id=f{row} name=f{row}></p>' for row in range(rows))}</form>"


async def discover(database: Database, tenant: Tenant, snapshot: Snapshot, *, blobs: str = "database:") -> CrawlSession:
    """Ask for a discovery and work its one visit off: it brings the snapshot home, into the store of this address."""
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    visited = await slices.next_page(database, claim)
    assert visited is not None
    store = SnapshotStore.connect(blobs, database)
    found = NewFormPage(
        address=visited.address,
        title="Home",
        path=(),
        verification=Verification(status=VerificationStatus.VERIFIED, at=datetime.now(UTC)),
        snapshot=await store.put_snapshot(session.id, snapshot),
        screenshot=None,
        forms=tuple(
            NewForm(fingerprint=str(form.root), root=form.root, address="a", address_template="a", title=form.title, signature=())
            for form in read_forms(snapshot)
        ),
    )
    report = VisitReport(outcome=VisitOutcome.OK, sentence="Read.", address=visited.address)
    await slices.finish_visit(database, claim, visited, report, form_pages=[found], sightings=[], requests=[], seconds=0.1)
    await workers.end(database, claim)
    return session


async def forms_of(database: Database, session: CrawlSession) -> list[Form]:
    async with unit_of_work(database) as work:
        return await work.forms.of_session(session.id)


async def job_until(database: Database, job_id: int, holds: Callable[[Job], bool], process: Service) -> Job:
    """Wait until a job stands so."""
    ends = time.monotonic() + START_SECONDS
    while not holds(job := await job_now(database, JobId(job_id))):
        assert process.alive, process.story
        assert time.monotonic() < ends, process.said
        await asyncio.sleep(0.02)
    return job


def is_state(state: JobState) -> Callable[[Job], bool]:
    return lambda job: job.state is state


async def test_a_form_page_is_described_from_its_snapshot(
    database: Database, tenant: Tenant, broker: Redis, ring: Ring, start_worker: Start
) -> None:
    session = await discover(database, tenant, snapshot_of(SIGN_IN))
    assert await ring() == 1
    process = start_worker(ANALYSIS, "analysis")
    done = await job_until(database, 2, is_state(JobState.SUCCEEDED), process)
    (there,) = present(await broker.hgetall(WORKERS_KEY), now=time.time())  # type: ignore[arg-type] # bytes
    assert (there.name, there.queue, there.slots) == (done.worker, Queue.ANALYSIS, 1)
    assert process.stop() == 0
    assert "Traceback" not in process.said
    (line,) = [json.loads(one) for one in process.said.splitlines() if "The job ended" in one]
    assert (line["level"], line["job_id"], line["session_id"], line["outcome"]) == ("info", 2, session.id, "finished")
    assert await broker.hgetall(WORKERS_KEY) == {}, "it said that it goes"
    assert (await broker.llen("analysis"), await broker.hlen("unacked:analysis")) == (0, 0)
    (form,) = await forms_of(database, session)
    assert form.description is not None
    assert form.description.purpose == "login"
    assert [field.reading.name for field in form.description.fields] == ["email", "password"]
    ended = await session_now(database, session.id)
    assert (ended.state, ended.pages_found, ended.forms_found) == (CrawlState.SUCCEEDED, 1, 1)


async def test_a_worker_killed_in_the_middle_costs_an_attempt_and_another_does_the_job(
    database: Database, tenant: Tenant, broker: Redis, ring: Ring, start_worker: Start
) -> None:
    session = await discover(database, tenant, snapshot_of(long_form(2_000)))
    await ring()
    killed = start_worker(ANALYSIS, "analysis")
    held = await job_until(database, 2, is_state(JobState.RUNNING), killed)
    killed.kill()
    assert (await job_now(database, held.id)).state is JobState.RUNNING, "nobody knows yet"
    assert await broker.hlen("unacked:analysis") == 1
    await run_out(database, Claim(job=held))
    await reconcile(database)
    assert (await job_now(database, held.id)).attempts == 1
    await ring()
    done = await job_until(database, held.id, is_state(JobState.SUCCEEDED), start_worker(ANALYSIS, "analysis"))
    assert done.fence > held.fence
    assert done.worker != held.worker
    (form,) = await forms_of(database, session)
    assert form.description is not None
    assert len(form.description.fields) == 2_000
    assert (await session_now(database, session.id)).state is CrawlState.SUCCEEDED


async def test_a_worker_told_to_end_finishes_the_page_in_hand(database: Database, tenant: Tenant, ring: Ring, start_worker: Start) -> None:
    session = await discover(database, tenant, snapshot_of(long_form(2_000)))
    await ring()
    process = start_worker(ANALYSIS, "analysis")
    await job_until(database, 2, is_state(JobState.RUNNING), process)
    assert process.stop() == 0
    done = await job_now(database, JobId(2))
    assert (done.state, done.attempts, done.fence) == (JobState.SUCCEEDED, 0, 1)
    assert (await session_now(database, session.id)).state is CrawlState.SUCCEEDED


async def test_a_worker_told_twice_to_end_still_finishes_the_page_in_hand(
    database: Database, tenant: Tenant, ring: Ring, start_worker: Start
) -> None:
    await discover(database, tenant, snapshot_of(long_form(2_000)))
    await ring()
    process = start_worker(ANALYSIS, "analysis")
    await job_until(database, 2, is_state(JobState.RUNNING), process)
    process.signal(signal.SIGTERM)
    assert process.stop() == 0
    done = await job_now(database, JobId(2))
    assert (done.state, done.attempts, done.fence) == (JobState.SUCCEEDED, 0, 1)


async def test_a_worker_told_to_end_while_the_database_is_away_ends_and_its_job_is_done_by_another(
    database: Database, tenant: Tenant, ring: Ring, start_worker: Start, *, database_url: str, postgres_url: str
) -> None:
    session = await discover(database, tenant, snapshot_of(long_form(2_000)))
    await ring()
    process = start_worker(ANALYSIS, "analysis")
    held = await job_until(database, 2, is_state(JobState.RUNNING), process)
    await databases.shut(postgres_url, database_url)
    assert process.stop() == 0
    await databases.open_again(postgres_url, database_url)
    await database.engine.dispose()
    await run_out(database, Claim(job=held))
    await reconcile(database)
    await execute(database, "UPDATE job SET available_at = now()")
    await ring()
    await job_until(database, held.id, is_state(JobState.SUCCEEDED), start_worker(ANALYSIS, "analysis"))
    assert (await session_now(database, session.id)).state is CrawlState.SUCCEEDED


def test_a_worker_that_cannot_be_set_up_ends_and_says_why(start: Start) -> None:
    process = start(*worker_arguments(ANALYSIS, "analysis"), FORMSCOUT_SNAPSHOT_STORE="ftp://nowhere")
    process.ended()
    assert "give database:, file:///a/directory or s3://bucket/prefix" in process.said


@pytest.mark.parametrize("queues", ["analysis,budget", "discovery"])
def test_a_worker_refuses_other_queues_than_its_own(start_worker: Start, queues: str) -> None:
    process = start_worker(ANALYSIS, queues)
    assert process.ended() != 0
    assert "start it with -Q analysis" in process.said
    assert "Traceback" not in process.said

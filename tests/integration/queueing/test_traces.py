"""A trace from the request over rows to every run: whoever takes the work up, however often it is begun, and whatever is handed over."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial

import httpx
import pytest
from redis.asyncio import Redis
from tests.support import workers
from tests.support.api import running, settings_for
from tests.support.otlp import Collector, Received, collecting
from tests.support.processes import Ring
from tests.support.sessions import ask, rows, run_out, take
from tests.support.tenants import Tenant

from formscout.domain.jobs import Claim, Finished, JobKind, Outcome, Queue
from formscout.queueing.execution import Handler, Runner
from formscout.queueing.heartbeat import Heart, Pulse
from formscout.storage.database import Database
from formscout.telemetry import traces
from formscout.telemetry.instruments import Component
from formscout.usecases import slices
from formscout.usecases.jobs import finish_job, reconcile

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CLIENT = "00f067aa0ba902b7"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Trace in this process, as one that is told to does."""
    with collecting() as listening:
        for name, value in listening.variables.items():
            monkeypatch.setenv(name, value)
        traces.start(Component.API)
        yield listening
        traces.stop()


@pytest.fixture
async def client(collector: Collector, database_url: str, redis_url: str, tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the API; the collector is there before the application is made."""
    del collector
    async with running(settings_for(database_url, redis_url)) as client:
        yield client(tenant.member_key)


@pytest.fixture
def runner(database: Database, database_url: str, redis_url: str) -> Iterator[Callable[[Queue, Handler], Runner]]:
    """Return what runs the jobs of a queue."""
    hearts = {queue: Heart(queue, database_url=database_url, redis_url=redis_url) for queue in Queue}
    for heart in hearts.values():
        heart.start()

    def make(queue: Queue, handler: Handler) -> Runner:
        handlers = dict.fromkeys(JobKind, handler)
        finish = partial(finish_job, database)
        # One job a message: a slice that does nothing is handed over again and again.
        return Runner(
            queue=queue,
            worker="test@host",
            database=database,
            heart=hearts[queue],
            finish=finish,
            handlers=handlers,
            claim_on_seconds=0,
        )

    yield make
    for heart in hearts.values():
        heart.stop()


Make = Callable[[Queue, Handler], Runner]
Post = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def post(client: httpx.AsyncClient, tenant: Tenant) -> Post:
    """Return what asks for a discovery with these headers."""
    ids = {"company_id": tenant.company.id, "project_id": tenant.project.id, "network_id": tenant.network.id}
    body = {**ids, "user_id": tenant.member.id, "product_id": tenant.subscription.product_id}

    async def ask(**headers: str) -> httpx.Response:
        return (await client.post("/api/crawl/discover-forms", json=body, headers=headers)).raise_for_status()

    return ask


async def well(_claim: Claim, _pulse: Pulse) -> Outcome:
    return Finished()


async def crash(_claim: Claim, _pulse: Pulse) -> Outcome:
    raise RuntimeError("hush")


def by_name(spans: list[Received], name: str) -> list[Received]:
    return [span for span in spans if span.name == name]


async def test_a_clients_trace_leads_over_the_rows_to_slices_and_analyses(
    database: Database, post: Post, collector: Collector, runner: Make, ring: Ring
) -> None:
    answer = await post(traceparent=f"00-{TRACE}-{CLIENT}-01")
    await ring()

    async def handler(claim: Claim, _pulse: Pulse) -> Outcome:
        await slices.begin_slice(database, claim)
        with traces.span("visit"):
            await workers.visit(database, claim, titles=["Sign in"], links=["https://app.example.com/next"])
        return Finished()  # a page is left, so the end of the job hands it over

    assert await runner(Queue.DISCOVERY, handler).answer() == 1
    assert await runner(Queue.ANALYSIS, well).answer() == 1
    assert await runner(Queue.DISCOVERY, well).answer() == 1
    spans = collector.wait_for(
        lambda spans: len(by_name(spans, "job discover_slice")) == 2 and bool(by_name(spans, "job analyze_form_page"))
    )
    assert {span.trace_id for span in spans} == {TRACE}

    (request,) = by_name(spans, "POST /api/crawl/discover-forms")
    (accepted,) = by_name(spans, "accept discovery")
    (rung,) = by_name(spans, "ring discovery")
    first, second = by_name(spans, "job discover_slice")
    (visited,) = by_name(spans, "visit")
    (analysed,) = by_name(spans, "job analyze_form_page")
    assert answer.headers["traceresponse"] == f"00-{TRACE}-{request.span_id}-01"
    assert (request.kind, request.parent_id, request.attributes["http.response.status_code"]) == ("SERVER", CLIENT, 202)
    assert (accepted.parent_id, rung.parent_id) == (request.span_id, accepted.span_id)
    assert (first.parent_id, second.parent_id) == (accepted.span_id, accepted.span_id), "beside each other, not below"
    assert (first.links, second.links) == ([], [(TRACE, first.span_id)]), "the second says which one it follows"
    assert (visited.parent_id, analysed.parent_id, analysed.links) == (first.span_id, visited.span_id, [])
    assert first.attributes["formscout.session.id"] == answer.json()["session_id"]
    assert first.attributes["formscout.job.outcome"] == "finished"


async def test_a_job_that_is_begun_again_goes_on_in_its_trace(database: Database, post: Post, collector: Collector, runner: Make) -> None:
    await post(traceparent=f"00-{TRACE}-{CLIENT}-01")
    assert await runner(Queue.DISCOVERY, crash).answer() == 1
    await reconcile(database)
    taken = await take(database, Queue.DISCOVERY)  # by a worker that dies before it says a word
    assert taken is not None
    await run_out(database, taken)
    await reconcile(database)
    await pass_the_pause(database)
    assert await runner(Queue.DISCOVERY, well).answer() == 1
    spans = collector.wait_for(lambda spans: len(by_name(spans, "job discover_slice")) == 2)
    first, last = by_name(spans, "job discover_slice")
    assert first.parent_id == last.parent_id
    assert [(span.attributes["formscout.job.attempt"], span.failed) for span in (first, last)] == [(1, True), (3, False)]
    assert not any(b"hush" in body for body in collector.bodies), "what an exception says is not for spans"


async def pass_the_pause(database: Database) -> None:
    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE job SET available_at = now() WHERE state = 'queued'")


async def test_a_request_that_joins_a_session_leads_to_the_trace_of_the_one_that_began_it(post: Post, collector: Collector) -> None:
    first = await post(traceparent=f"00-{TRACE}-{CLIENT}-01")
    second = await post()
    began, joined = by_name(collector.wait_for(lambda spans: len(by_name(spans, "accept discovery")) == 2), "accept discovery")
    assert first.json()["session_id"] == second.json()["session_id"]
    assert joined.links == [(TRACE, began.span_id)]
    assert joined.trace_id == second.headers["traceresponse"][3:35] != TRACE


async def test_a_client_that_says_so_is_not_told_of_and_nor_is_what_follows(
    database: Database, client: httpx.AsyncClient, post: Post, collector: Collector, runner: Make
) -> None:
    await post(traceparent=f"00-{TRACE}-{CLIENT}-00")
    assert await runner(Queue.DISCOVERY, well).answer() == 1
    parents = [parent for (parent,) in await rows(database, "SELECT trace_parent FROM job")]
    assert all(parent.startswith(f"00-{TRACE}-") and parent.endswith("-00") for parent in parents), parents
    await client.get("/health/live")
    await client.get("/api/companies")
    spans = collector.wait_for(lambda spans: bool(by_name(spans, "GET /api/companies")))
    assert {span.name for span in spans} == {"GET /api/companies"}, "nor is anybody told of probes"


async def test_names_are_made_by_us_and_never_by_whoever_asks(client: httpx.AsyncClient, collector: Collector) -> None:
    await client.get("/api/networks/123456789")
    await client.get("/no/such/place-hush?key=hush")
    await client.request("HUSH", "/api/hush", headers=[("traceparent", f"00-{TRACE}-{CLIENT}-01")] * 2)
    spans = collector.wait_for(lambda spans: len(spans) == 3)
    assert [(span.name, span.attributes["http.response.status_code"]) for span in spans] == [
        ("GET /api/networks/{network_id}", 404),
        ("GET", 404),
        ("other", 404),
    ]
    assert TRACE not in {span.trace_id for span in spans}, "two parents contradict each other"
    assert not any(b"hush" in body.lower() or b"123456789" in body for body in collector.bodies)


async def test_without_tracing_a_row_names_no_trace(database: Database, tenant: Tenant, broker: Redis) -> None:
    del broker
    await ask(database, tenant)
    assert await rows(database, "SELECT trace_parent, trace_link FROM job") == [(None, None)]

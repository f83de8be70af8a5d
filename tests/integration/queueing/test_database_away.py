"""PostgreSQL goes away under a slice for a moment: what the slice has read is written when it is back, once, and nothing is read again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.proxy import Loop, Proxy
from tests.support.sessions import ask, rows, scalar
from tests.support.tenants import Tenant, make_tenant

from formscout.domain.errors import StoreUnavailableError
from formscout.domain.forms import Findings, FormSighting, KnownForm
from formscout.domain.jobs import Claim, Queue
from formscout.domain.pages import FrontierPage, NewPage, PageSource, VisitOutcome, VisitReport
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases import slices
from formscout.usecases.unit_of_work import unit_of_work
from formscout_discovery.crawl.ports import Directive
from formscout_discovery.record import SessionRecord

HOME = "https://app.example.com/"
PATIENT_SECONDS = 600.0
"""A lease so long that no machine is too slow for it."""

AWAY = "PostgreSQL is away"


@pytest.fixture
async def way(database_url: str) -> AsyncIterator[Proxy]:
    """Open a way to PostgreSQL that can be cut."""
    loop = Loop()
    directory = parse_qs(urlsplit(database_url).query)["host"][0]
    proxy = Proxy(loop, f"{directory}/.s.PGSQL.5432")
    yield proxy
    proxy.close()
    loop.close()


@pytest.fixture
async def behind(database_url: str, way: Proxy) -> AsyncIterator[Database]:
    """Open a pool by that way."""
    found = Database.connect(f"postgresql://postgres@127.0.0.1:{way.port}{urlsplit(database_url).path}")
    yield found
    await found.close()


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make a company with everything."""
    return await make_tenant(database, "Acme")


async def begin(database: Database, behind: Database, tenant: Tenant, *, lease: float = PATIENT_SECONDS) -> tuple[Claim, SessionRecord]:
    """Begin a slice that writes by the way which is cut, and takes its lease for so long."""
    await ask(database, tenant)
    async with unit_of_work(database) as work:
        claim = await work.jobs.claim(Queue.DISCOVERY, worker="test@host", lease_seconds=PATIENT_SECONDS)
    assert claim is not None
    await slices.begin_slice(database, claim)
    believed = replace(claim, lease_seconds=lease)
    return claim, SessionRecord(behind, SnapshotStore.connect("database:", database), believed)


async def finish(record: SessionRecord, page: FrontierPage, *links: str) -> Directive:
    """Write a visit that found links, and for which the slice had put a sighting by."""
    put_by = [FormSighting(fingerprint="met before", address=HOME)]

    def hand_over_once(findings: Findings, news: Sequence[KnownForm]) -> Findings:
        del news
        sightings = [*findings.sightings, *put_by]
        put_by.clear()
        handed_over.append(sightings)
        return Findings(form_pages=findings.form_pages, sightings=sightings)

    handed_over: list[list[FormSighting]] = []
    found = tuple(NewPage(key=link, address=link, template=link, source=PageSource.LINK, depth=1) for link in links)
    report = VisitReport(outcome=VisitOutcome.OK, sentence="Read.", address=page.address, pages=found)
    directive = await record.finish_visit(page, report, form_pages=[], sightings=[], requests=[], refold=hand_over_once)
    assert all(len(sightings) == 1 for sightings in handed_over), "a later try knows what an earlier one was handed"
    return directive


async def until_away(caplog: pytest.LogCaptureFixture, work: "asyncio.Task[object]") -> None:
    while AWAY not in caplog.text:
        assert not work.done(), work
        await asyncio.sleep(0.01)


async def visits(database: Database) -> list[tuple[object, ...]]:
    return await rows(database, "SELECT state, attempts, visit.id IS NOT NULL FROM frontier_page page LEFT JOIN visit ON page_id = page.id")


async def test_a_visit_is_written_when_it_is_back(
    database: Database, behind: Database, tenant: Tenant, way: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    _, record = await begin(database, behind, tenant)
    page = await record.next_page()
    assert page is not None
    way.refuse()
    writing = asyncio.create_task(finish(record, page))
    await until_away(caplog, writing)
    assert await visits(database) == [("leased", 1, False)]
    way.restore()
    assert await writing is Directive.GO_ON
    assert await visits(database) == [("done", 1, True)]


async def test_what_was_folded_is_folded_once(database: Database, behind: Database, tenant: Tenant, way: Proxy) -> None:
    _, record = await begin(database, behind, tenant)
    page = await record.next_page()
    assert page is not None
    kept = way.keep_request(b"INSERT INTO visit")
    writing = asyncio.create_task(finish(record, page))
    await asyncio.to_thread(kept.wait)
    way.restore()  # cuts what is caught
    assert await writing is Directive.GO_ON
    assert await visits(database) == [("done", 1, True)]


async def test_a_page_whose_lease_was_not_answered_waits_again(database: Database, behind: Database, tenant: Tenant, way: Proxy) -> None:
    """The lease was written, nobody knows of it: without a second look the page would wait for the slice's end, one life poorer."""
    claim, record = await begin(database, behind, tenant)
    first = await record.next_page()
    assert first is not None
    await finish(record, first, f"{HOME}a", f"{HOME}b")
    in_hand = await record.next_page()
    lost = way.lose_answer(b"COMMIT")
    page = await record.next_page()
    assert lost.is_set()
    assert in_hand is not None
    assert page is not None
    assert page.id != in_hand.id
    assert page.attempts == 1
    held = "SELECT count(*) FROM frontier_page WHERE state = 'leased' AND holder_job = :job"
    assert await scalar(database, held, job=claim.job.id) == 2, "that of the other tab is left to it"
    assert await finish(record, in_hand) is Directive.GO_ON
    assert await finish(record, page) is Directive.GO_ON
    assert set(await visits(database)) == {("done", 1, True)}


async def test_a_visit_that_was_written_without_an_answer_is_not_written_again(
    database: Database, behind: Database, tenant: Tenant, way: Proxy
) -> None:
    _, record = await begin(database, behind, tenant)
    page = await record.next_page()
    assert page is not None
    lost = way.lose_answer(b"COMMIT")
    assert await finish(record, page, f"{HOME}next") is Directive.GO_ON
    assert lost.is_set()
    assert await visits(database) == [("done", 1, True), ("waiting", 0, False)]
    assert await record.next_page() is not None, "the slice goes on"


async def test_what_was_ended_without_an_answer_is_no_lost_lease(database: Database, behind: Database, tenant: Tenant, way: Proxy) -> None:
    _, record = await begin(database, behind, tenant)
    page = await record.next_page()
    assert page is not None
    lost = way.lose_answer(b"COMMIT")
    with pytest.raises(StoreUnavailableError):  # so the slice is put back, and the next one goes on behind this page
        await record.skip_page(page, "robots")
    assert lost.is_set()
    assert await visits(database) == [("skipped", 1, False)]


async def test_nobody_waits_for_it_past_a_part_of_the_lease(database: Database, behind: Database, tenant: Tenant, way: Proxy) -> None:
    _, record = await begin(database, behind, tenant, lease=1)
    way.refuse()
    with pytest.raises(StoreUnavailableError):
        await record.next_page()

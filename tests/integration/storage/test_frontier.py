"""The frontier: each page once, under leases, and a visit written whole or not at all."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError
from tests.support import workers
from tests.support.sessions import ask, execute, pass_time, rows, run_out, scalar, session_now
from tests.support.tenants import Tenant

from formscout.domain.crawls import CrawlState, JudgedRequest, RequestVerdict, StopReason
from formscout.domain.errors import LeaseLostError
from formscout.domain.forms import FormSighting
from formscout.domain.jobs import Claim, JobKind, NewJob, Queue
from formscout.domain.pages import FrontierPage, NewPage, PageSource, SkipReason, VisitOutcome, VisitReport
from formscout.storage.database import Database
from formscout.usecases import slices
from formscout.usecases.jobs import reconcile
from formscout.usecases.unit_of_work import unit_of_work

HOME = "https://app.example.com/"


def page(path: str, *, priority: int = 0, depth: int = 1) -> NewPage:
    address = f"{HOME}{path}"
    return NewPage(key=address, address=address, template=address, source=PageSource.LINK, depth=depth, priority=priority)


def report(*pages: NewPage, clicks: int = 0) -> VisitReport:
    return VisitReport(outcome=VisitOutcome.OK, sentence="Read.", address=HOME, pages=pages, clicks=clicks)


async def finish(database: Database, claim: Claim, visited: FrontierPage, brought: VisitReport) -> None:
    await slices.finish_visit(database, claim, visited, brought, form_pages=[], sightings=[], requests=[], seconds=0.1)


async def next_page(database: Database, claim: Claim) -> FrontierPage:
    taken = await slices.next_page(database, claim)
    assert taken is not None
    return taken


async def second_slice(database: Database, claim: Claim) -> Claim:
    """Begin another slice of the same session beside the first."""
    async with unit_of_work(database) as work:
        new = NewJob(kind=JobKind.DISCOVER_SLICE, company_id=claim.job.company_id, session_id=claim.job.session_id)
        await work.jobs.add([new])
    return await workers.begin(database)


async def dead(database: Database, claim: Claim) -> Claim:
    """Let the worker of a slice die, and return the slice as the next worker takes it up."""
    await run_out(database, claim)
    await reconcile(database)
    await pass_time(database)
    return await workers.begin(database)


async def test_a_page_is_known_once_by_its_key(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    await finish(database, claim, await next_page(database, claim), report(page("a"), page("b"), page("a"), page("")))
    await finish(database, claim, await next_page(database, claim), report(page("b"), page("c")))
    async with unit_of_work(database) as work:
        assert await work.crawls.open_work(session.id) == (2, 0)
    known = await rows(database, "SELECT key FROM frontier_page ORDER BY id")
    assert sorted(key for (key,) in known) == [HOME, f"{HOME}a", f"{HOME}b", f"{HOME}c"]
    assert await scalar(database, "SELECT pages_known FROM crawl_session") == 4


async def test_addresses_longer_than_an_index_entry_are_kept(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    claim = await workers.begin(database)
    long = page("?q=" + "x" * 9_000)
    await finish(database, claim, await next_page(database, claim), report(long))
    assert (await next_page(database, claim)).address == long.address


async def test_pages_come_by_priority_then_depth_then_age(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    claim = await workers.begin(database)
    found = (page("late", priority=5), page("deep", depth=3), page("shallow", depth=1), page("first", priority=-5))
    await finish(database, claim, await next_page(database, claim), report(*found))
    order = [(await next_page(database, claim)).address.removeprefix(HOME) for _ in range(4)]
    assert order == ["first", "shallow", "deep", "late"]


async def test_two_slices_never_visit_one_page(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    one = await workers.begin(database)
    await finish(database, one, await next_page(database, one), report(*(page(str(number)) for number in range(40))))
    other = await second_slice(database, one)

    async def visit_all(claim: Claim) -> list[str]:
        visited = []
        while (taken := await slices.next_page(database, claim)) is not None:
            visited.append(taken.address)
            await finish(database, claim, taken, report())
        return visited

    parts = await asyncio.gather(*(visit_all(claim) for claim in (one, one, other, other)))
    assert sorted(sum(parts, [])) == sorted(f"{HOME}{number}" for number in range(40))  # noqa: RUF017 (four short lists)


async def test_the_page_of_a_dead_slice_is_visited_again_and_first(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    claim = await workers.begin(database)
    await finish(database, claim, await next_page(database, claim), report(page("a"), page("b")))
    lost = await next_page(database, claim)
    again = await next_page(database, await dead(database, claim))
    assert (again.id, again.attempts) == (lost.id, 2)
    with pytest.raises(LeaseLostError):
        await finish(database, claim, lost, report())


async def test_a_page_given_back_has_spent_no_attempt(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    claim = await workers.begin(database)
    for _ in range(5):
        taken = await next_page(database, claim)
        assert taken.attempts == 1
        await slices.give_page_back(database, claim, taken)


async def test_a_page_that_killed_two_workers_is_set_down_as_crashed(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    await finish(database, claim, await next_page(database, claim), report(page("poison", priority=-1), page("good")))
    for _ in range(slices.PAGE_ATTEMPTS):
        assert (await next_page(database, claim)).address.endswith("poison")
        claim = await dead(database, claim)
    good = await next_page(database, claim)
    assert good.address.endswith("good")
    await finish(database, claim, good, report())
    await workers.end(database, claim)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.visits) == (CrawlState.SUCCEEDED, 3)
    async with unit_of_work(database) as work:
        outcomes = {visit["address"]: visit["outcome"] for visit in await work.frontier.visits(session.id)}
    assert outcomes[f"{HOME}poison"] == VisitOutcome.CRASHED


async def test_a_session_outlives_poisonous_pages_one_after_the_other(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    await finish(database, claim, await next_page(database, claim), report(*(page(f"poison{number}") for number in range(3))))
    for _ in range(3 * slices.PAGE_ATTEMPTS):
        await next_page(database, claim)
        claim = await dead(database, claim)
    assert await slices.next_page(database, claim) is None
    await workers.end(database, claim)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.visits) == (CrawlState.SUCCEEDED, 4)


@pytest.mark.parametrize("broken", ["page", "form", "request"])
async def test_a_visit_is_written_whole_or_not_at_all(database: Database, tenant: Tenant, broken: str) -> None:
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    taken = await next_page(database, claim)
    before = await session_now(database, session.id)
    unwritable = "a NUL that PostgreSQL refuses: \0"
    form_page = await workers.form_page(database, claim, HOME, ["Sign in"])
    request = JudgedRequest(verdict=RequestVerdict.HELD_BACK, method="POST", address=HOME, reason="not_read_only")
    if broken == "form":
        form_page = replace(form_page, forms=(*form_page.forms, replace(form_page.forms[0], fingerprint="other", title=unwritable)))
    brought = report(page("a"), page(unwritable) if broken == "page" else page("b"), clicks=3)
    requests = [request, replace(request, reason=unwritable) if broken == "request" else request]
    with pytest.raises(DBAPIError):
        await slices.finish_visit(database, claim, taken, brought, form_pages=[form_page], sightings=[], requests=requests, seconds=0.1)
    assert await session_now(database, session.id) == before
    for table in ("visit", "form_page", "form", "judged_request"):
        assert await scalar(database, f"SELECT count(*) FROM {table}") == 0, table  # noqa: S608 (ours)
    assert await rows(database, "SELECT state FROM frontier_page") == [("leased",)]
    assert await rows(database, "SELECT kind FROM job") == [("discover_slice",)]


async def test_forms_already_known_are_sightings(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    first = await workers.form_page(database, claim, HOME, ["Sign in", "Sign in", "Search"])
    again = replace(await workers.form_page(database, claim, f"{HOME}a", ["Search"]), forms=(replace(first.forms[-1], address=f"{HOME}a"),))
    sighting = FormSighting(fingerprint=first.forms[-1].fingerprint, address=f"{HOME}b")
    for brought, form_pages, sightings in (
        (report(page("a"), page("b")), [first], []),
        (report(), [again], []),
        (report(), [], [sighting]),
    ):
        taken = await next_page(database, claim)
        await slices.finish_visit(database, claim, taken, brought, form_pages=form_pages, sightings=sightings, requests=[], seconds=0.1)
    async with unit_of_work(database) as work:
        forms = {form.title: form for form in await work.forms.of_session(session.id)}
        assert len(await work.forms.pages(session.id)) == 1
    assert forms["Sign in"].instances == 1
    assert (forms["Search"].instances, forms["Search"].addresses) == (3, (f"{HOME}a", f"{HOME}b"))
    assert (await session_now(database, session.id)).pages_found == 1
    assert await scalar(database, "SELECT count(*) FROM job WHERE queue = 'analysis'") == 1


async def test_progress_never_falls(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    seen = [0]
    for round_ in range(6):
        taken = await next_page(database, claim)
        links = tuple(page(f"{round_}/{number}") for number in range((0, 30, 0, 60, 1, 2)[round_])) if round_ else (page("a"), page("b"))
        await finish(database, claim, taken, report(*links))
        seen.append((await session_now(database, session.id)).progress)
    assert seen == sorted(seen)
    assert 0 < seen[-1] < 100


async def test_no_more_pages_are_visited_than_asked_for(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant, max_pages=3)
    claim = await workers.begin(database)
    await finish(database, claim, await next_page(database, claim), report(*(page(str(number)) for number in range(9))))
    second, third = await next_page(database, claim), await next_page(database, claim)
    assert await slices.next_page(database, claim) is None, "three are visited or in hand"
    await finish(database, claim, second, report())
    await finish(database, claim, third, report(page("new")))
    await workers.end(database, claim)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.visits, ended.stopped_because) == (CrawlState.SUCCEEDED, 3, StopReason.MAX_PAGES)
    async with unit_of_work(database) as work:
        assert await work.frontier.skipped(session.id) == {SkipReason.LIMIT: 8}


async def test_the_page_of_a_dead_slice_does_not_use_the_limit_up(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant, max_pages=1)
    claim = await workers.begin(database)
    await next_page(database, claim)
    claim = await dead(database, claim)
    await finish(database, claim, await next_page(database, claim), report())
    await workers.end(database, claim)
    assert (await session_now(database, session.id)).state is CrawlState.SUCCEEDED


async def test_no_page_is_begun_after_the_session_s_time(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant, max_minutes=5)
    claim = await workers.begin(database)
    await finish(database, claim, await next_page(database, claim), report(page("a"), page("b")))
    in_hand = await next_page(database, claim)
    await execute(database, "UPDATE crawl_session SET started_at = now() - interval '6 minutes'")
    assert await slices.next_page(database, claim) is None
    await finish(database, claim, in_hand, report(page("c")))
    await workers.end(database, claim)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.visits, ended.stopped_because) == (CrawlState.SUCCEEDED, 2, StopReason.MAX_MINUTES)


async def test_a_session_that_stopped_ends_though_a_slice_died_on_a_page(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    await next_page(database, claim)
    await slices.stop_visiting(database, claim, StopReason.APPLICATION_DOWN)
    claim = await dead(database, claim)
    assert await slices.next_page(database, claim) is None
    await workers.end(database, claim)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.stopped_because) == (CrawlState.SUCCEEDED, StopReason.APPLICATION_DOWN)


async def test_pages_left_are_handed_over_by_one_new_slice(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    claim = await workers.begin(database)
    await finish(database, claim, await next_page(database, claim), report(page("a"), page("b")))
    other = await second_slice(database, claim)
    await workers.end(database, claim)
    await workers.end(database, other)
    assert await scalar(database, "SELECT count(*) FROM job WHERE queue = 'discovery' AND state = 'queued'") == 1
    assert (await workers.claim(database, Queue.DISCOVERY)).job.session_id == claim.job.session_id

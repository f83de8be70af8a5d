"""A session scales out: as many slices at once as waiting pages feed, each form once, and never one without work."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.support import workers
from tests.support.sessions import ask, execute, job_now, pass_time, rows, run_out, scalar, session_now, take
from tests.support.tenants import Tenant

from formscout.domain.crawls import CrawlState, FailureReason, StopReason
from formscout.domain.errors import LeaseLostError
from formscout.domain.forms import Findings, FormSighting, KnownForm
from formscout.domain.ids import CrawlSessionId
from formscout.domain.jobs import MAX_ATTEMPTS, Claim, Failed, JobKind, JobState, NewJob, Queue
from formscout.domain.networks import Sealed, SignIn, SignInKind
from formscout.domain.pages import NewPage, PageSource, VisitOutcome, VisitReport
from formscout.domain.slices import PAGES_A_SLICE, most_slices, slices_wanted
from formscout.storage.database import Database
from formscout.usecases import slices
from formscout.usecases.jobs import finish_job, reconcile
from formscout.usecases.unit_of_work import unit_of_work

HOME = "https://app.example.com/"
LEASE_OF = "SELECT count(*) FROM job WHERE kind = 'discover_slice' AND state = :state"


def pages(number: int, *, template: str = "", priority: int = 0) -> tuple[NewPage, ...]:
    """Return pages that differ in their templates, unless one is given."""
    addresses = [f"{HOME}{template}{one}" for one in range(number)]
    common = NewPage(key=HOME, address=HOME, template=f"{HOME}{template}", source=PageSource.LINK, depth=1, priority=priority)
    return tuple(replace(common, key=at, address=at, template=common.template if template else at) for at in addresses)


async def visit(database: Database, claim: Claim, *found: NewPage) -> bool:
    """Visit the page that comes next, which leads to those found; False when none waits."""
    page = await slices.next_page(database, claim)
    if page is None:
        return False
    report = VisitReport(outcome=VisitOutcome.OK, sentence="Read.", address=page.address, pages=found)
    await slices.finish_visit(database, claim, page, report, form_pages=[], sightings=[], requests=[], seconds=0.1)
    return True


async def waiting(database: Database) -> int:
    number: int = await scalar(database, LEASE_OF, state="queued")
    return number


async def sign_in(database: Database, tenant: Tenant, *, parallel: bool) -> None:
    """Let the tenant's network have an account."""
    async with unit_of_work(database) as work:
        account = SignIn(kind=SignInKind.PASSWORD, username="ada", parallel=parallel)
        await work.networks.replace(replace(tenant.network, sign_in=account))


def test_slices_grow_with_the_pages_that_wait_up_to_their_bound() -> None:
    assert [slices_wanted(worth, most=3) for worth in (0, 1, PAGES_A_SLICE, 2 * PAGES_A_SLICE - 1)] == [1, 1, 1, 1]
    assert [slices_wanted(times * PAGES_A_SLICE, most=3) for times in (2, 3, 4, 100)] == [2, 3, 3, 3]
    assert slices_wanted(-5, most=3) == 1


def test_an_account_is_used_by_one_browser_unless_the_network_says_otherwise() -> None:
    account = SignIn(kind=SignInKind.PASSWORD, username="ada")
    assert most_slices(SignIn(), asked=4) == 4
    assert most_slices(account, asked=4) == 1
    assert most_slices(replace(account, parallel=True), asked=4) == 4


async def test_pages_that_wait_start_slices_beside_the_one_that_found_them(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant, max_slices=3)
    claim = await workers.begin(database)
    await visit(database, claim, *pages(2 * PAGES_A_SLICE))
    assert await waiting(database) == 1
    await visit(database, claim, *pages(9 * PAGES_A_SLICE))
    assert await waiting(database) == 2, "three at once were asked for"
    await visit(database, claim)
    assert await waiting(database) == 2


@pytest.mark.parametrize("options", [{"max_slices": 1}, {"max_pages": PAGES_A_SLICE}], ids=["one asked for", "few visits left"])
async def test_no_slice_starts_that_would_have_nothing_to_do(
    database: Database, tenant: Tenant, options: dict[str, Any]
) -> None:  # Any: fields of CrawlOptions
    await ask(database, tenant, **options)
    await visit(database, await workers.begin(database), *pages(9 * PAGES_A_SLICE))
    assert await waiting(database) == 0


async def test_the_hundred_entries_of_a_list_are_no_work_for_many(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    await visit(database, await workers.begin(database), *pages(9 * PAGES_A_SLICE, template="things/"))
    assert await waiting(database) == 0


@pytest.mark.parametrize(("parallel", "kept", "started"), [(False, True, 0), (True, False, 0), (True, True, 3)])
async def test_an_account_s_slices_start_only_where_they_may_and_once_its_sign_in_is_kept(
    database: Database, tenant: Tenant, parallel: bool, kept: bool, started: int
) -> None:
    await sign_in(database, tenant, parallel=parallel)
    await ask(database, tenant)
    claim = await workers.begin(database)
    if kept:
        await slices.keep_browser_state(database, claim, Sealed(key_id="test", ciphertext=b"sealed"))
    await visit(database, claim, *pages(9 * PAGES_A_SLICE))
    assert await waiting(database) == started


async def test_a_slice_that_finds_nothing_ends_quietly_and_is_not_started_again(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    one = await workers.begin(database)
    await visit(database, one, *pages(2 * PAGES_A_SLICE))
    other = await workers.claim(database, Queue.DISCOVERY)
    for _ in range(2 * PAGES_A_SLICE - 1):
        await visit(database, one)
    in_hand = await slices.next_page(database, one)
    assert in_hand is not None
    assert await slices.begin_slice(database, other) is None, "no browser is started for it"
    await workers.end(database, other)
    assert await waiting(database) == 0
    report = VisitReport(outcome=VisitOutcome.OK, sentence="Read.", address=in_hand.address, pages=())
    await slices.finish_visit(database, one, in_hand, report, form_pages=[], sightings=[], requests=[], seconds=0.1)
    await workers.end(database, one)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.visits) == (CrawlState.SUCCEEDED, 2 * PAGES_A_SLICE + 1)


async def test_pages_never_wait_without_a_slice(database: Database, tenant: Tenant) -> None:
    """Slices that hand over, die or end in any order leave one behind as long as a page waits."""
    session = await ask(database, tenant, max_slices=3)
    one = await workers.begin(database)
    await visit(database, one, *pages(3 * PAGES_A_SLICE))
    others = [await workers.begin(database) for _ in range(2)]
    lost = [await slices.next_page(database, claim) for claim in others]
    assert all(lost)
    await workers.end(database, one)
    await run_out(database, others[0])
    await reconcile(database)
    await workers.end(database, others[1])
    while (claim := await take(database, Queue.DISCOVERY)) is not None:
        await slices.begin_slice(database, claim)
        while await visit(database, claim):
            pass
        await workers.end(database, claim)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.visits) == (CrawlState.SUCCEEDED, 3 * PAGES_A_SLICE + 1)
    assert await scalar(database, "SELECT count(*) FROM job WHERE kind = 'discover_slice'") <= 6


async def two_at_work(database: Database, tenant: Tenant) -> tuple[CrawlSessionId, Claim, Claim]:
    """Let two slices of one session work, a page in each one's hands."""
    session = await ask(database, tenant, max_slices=2)
    one = await workers.begin(database)
    await visit(database, one, *pages(2 * PAGES_A_SLICE))
    other = await workers.begin(database)
    assert await slices.next_page(database, one)
    assert await slices.next_page(database, other)
    return session.id, one, other


async def die(database: Database, claim: Claim) -> None:
    """Let the worker of a slice die again and again, until its attempts are spent."""
    for attempt in range(MAX_ATTEMPTS[Queue.DISCOVERY]):
        await run_out(database, claim)
        await reconcile(database)
        await pass_time(database)
        if attempt + 1 < MAX_ATTEMPTS[Queue.DISCOVERY]:
            claim = await workers.claim(database, Queue.DISCOVERY)


async def test_a_slice_whose_machine_kills_it_leaves_the_session_to_the_others(database: Database, tenant: Tenant) -> None:
    session_id, one, other = await two_at_work(database, tenant)
    await die(database, other)
    assert (await job_now(database, other.job.id)).state is JobState.SET_ASIDE
    assert (await session_now(database, session_id)).state is CrawlState.RUNNING
    while await visit(database, one):  # the dead one's page comes first
        pass
    await workers.end(database, one)
    last = await workers.begin(database)  # for the page that the test itself holds in `one`'s name
    while await visit(database, last):
        pass
    await workers.end(database, last)
    ended = await session_now(database, session_id)
    assert (ended.state, ended.visits, ended.failure) == (CrawlState.SUCCEEDED, 2 * PAGES_A_SLICE + 1, None)


async def test_the_last_slice_to_fail_fails_the_session(database: Database, tenant: Tenant) -> None:
    session_id, one, other = await two_at_work(database, tenant)
    await finish_job(database, other, Failed(code=FailureReason.BROWSER_UNAVAILABLE, message="No browser here."))
    assert (await session_now(database, session_id)).state is CrawlState.RUNNING
    await die(database, one)
    ended = await session_now(database, session_id)
    assert ended.state is CrawlState.FAILED
    assert ended.failure is not None
    assert ended.failure.code is FailureReason.ATTEMPTS_EXHAUSTED


async def test_a_failure_that_is_not_the_machine_s_fails_the_session_at_once(database: Database, tenant: Tenant) -> None:
    """No other slice tries a refused password once more: accounts are locked by that."""
    session_id, one, other = await two_at_work(database, tenant)
    await finish_job(database, other, Failed(code=FailureReason.SIGN_IN_FAILED, message="The application did not let us in."))
    assert (await session_now(database, session_id)).state is CrawlState.FAILED
    with pytest.raises(LeaseLostError):
        await slices.next_page(database, one)


async def test_a_counter_that_went_wrong_keeps_no_session_alive(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    await visit(database, claim)
    await execute(database, "UPDATE crawl_session SET pages_open = 7")
    await workers.end(database, claim)
    assert await take(database, Queue.DISCOVERY) is None
    assert (await session_now(database, session.id)).state is CrawlState.SUCCEEDED


@pytest.mark.parametrize(
    ("option", "statement", "reason"),
    [
        ({"max_pages": 25}, None, StopReason.MAX_PAGES),
        ({"max_minutes": 5}, "UPDATE crawl_session SET started_at = now() - interval '6 minutes'", StopReason.MAX_MINUTES),
    ],
)
async def test_limits_hold_across_slices_that_work_at_once(
    database: Database, tenant: Tenant, option: dict[str, Any], statement: str | None, reason: StopReason
) -> None:
    session = await ask(database, tenant, **option)
    one = await workers.begin(database)
    await visit(database, one, *pages(4 * PAGES_A_SLICE))
    async with unit_of_work(database) as work:
        await work.jobs.add([NewJob(kind=JobKind.DISCOVER_SLICE, company_id=one.job.company_id, session_id=session.id)])
    claims = [one, await workers.begin(database)]

    async def all_of(claim: Claim) -> None:
        for number in range(3 * PAGES_A_SLICE):
            if statement is not None and number == 9:
                await execute(database, statement)
            if not await visit(database, claim):
                return

    await asyncio.gather(*(all_of(claim) for claim in claims for _ in range(2)))
    while (left := await take(database, Queue.DISCOVERY)) is not None:
        claims.append(left)
        assert await slices.begin_slice(database, left) is None
    for claim in claims:
        await workers.end(database, claim)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.stopped_because) == (CrawlState.SUCCEEDED, reason)
    if reason is StopReason.MAX_PAGES:
        assert ended.visits == 25


def _as_alike(findings: Findings, news: Sequence[KnownForm]) -> Findings:
    """Take forms for one that begin their signatures alike, as folding takes those of one shape."""
    (page,) = findings.form_pages
    (form,) = page.forms
    alike = [one.fingerprint for one in news if one.signature[0] == form.signature[0]]
    if not alike:
        return findings
    return Findings(form_pages=[], sightings=[FormSighting(fingerprint=alike[0], address=form.address)])


@pytest.mark.parametrize(
    ("names", "refold"),
    [(["same"] * 4, slices.as_found), ([f"alike {number}" for number in range(4)], _as_alike)],
    ids=["of one fingerprint", "folded"],
)
async def test_slices_that_find_a_form_at_the_same_moment_write_it_once(
    database: Database, tenant: Tenant, names: list[str], refold: slices.Refold
) -> None:
    session = await ask(database, tenant)
    one = await workers.begin(database)
    await visit(database, one, *pages(2 * PAGES_A_SLICE))
    other = await workers.begin(database)

    async def find(claim: Claim, name: str) -> None:
        page = await slices.next_page(database, claim)
        assert page is not None
        found = await workers.form_page(database, claim, page.address, [name])
        form = replace(found.forms[0], fingerprint=name, signature=("email|E-mail", name))
        found = replace(found, forms=(form,))
        report = VisitReport(outcome=VisitOutcome.OK, sentence="Read.", address=page.address)
        await slices.finish_visit(database, claim, page, report, form_pages=[found], sightings=[], requests=[], seconds=0.1, refold=refold)

    await asyncio.gather(*(find(claim, name) for claim, name in zip((one, other, one, other), names, strict=True)))
    assert await rows(database, "SELECT instances FROM form") == [(4,)]
    assert await scalar(database, "SELECT count(*) FROM form_page") == 1
    assert (await session_now(database, session.id)).pages_found == 1
    assert await scalar(database, "SELECT count(*) FROM job WHERE kind = 'analyze_form_page'") == 1


async def test_visits_of_all_slices_count_for_a_template_until_one_shows_a_form(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    one = await workers.begin(database)
    await visit(database, one, *pages(5, template="list?page="), *pages(4, template="list?sort=", priority=1))
    async with unit_of_work(database) as work:
        await work.jobs.add([NewJob(kind=JobKind.DISCOVER_SLICE, company_id=one.job.company_id, session_id=one.job.session_id)])
    other = await workers.begin(database)
    template = f"{HOME}list?page="
    for claim in (one, other, one):
        await visit(database, claim)
    tally = await slices.tally_of_template(database, other, template)
    assert (tally.visits, tally.barren, tally.path_barren) == (3, 3, 3)
    await workers.visit(database, one, titles=["Filter"])
    await visit(database, other)
    await visit(database, other)
    tally = await slices.tally_of_template(database, one, template)
    assert (tally.visits, tally.barren, tally.path_barren) == (5, 1, 2)

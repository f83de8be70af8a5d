"""Whatever an application does, a session ends well or with a code and a sentence, and keeps what it has found."""

import asyncio
import socket
import time
from contextlib import ExitStack
from typing import Any

import pytest
from tests.integration.crawl.conftest import Crawler
from tests.support.misbehaving import MisbehavingSite, running_misbehaving
from tests.support.records import MemoryRecord

from formscout.domain.crawls import FailureReason
from formscout.domain.errors import CrawlError, LeaseLostError
from formscout.domain.networks import Credentials, SignIn, SignInKind
from formscout.domain.pages import FrontierPage, NewPage, PageSource, PageState, VisitOutcome
from formscout_discovery.browser import settling
from formscout_discovery.crawl import engine
from formscout_discovery.crawl.engine import MISSES_IN_A_ROW
from formscout_discovery.crawl.harvest import Harvest
from formscout_discovery.crawl.plan import Slice, SliceStop
from formscout_discovery.crawl.ports import Directive, PageLostError, Tab
from formscout_discovery.crawl.visit import visit

SOON = 15  # seconds: a busy machine takes some to open a tab; the limits of a visit and a sign-in are far above
LAST = 1000  # behind every page that the crawl finds by itself
ACCOUNT = {"sign_in": SignIn(kind=SignInKind.PASSWORD, username="ada"), "credentials": Credentials(password="p")}


class Watched(MemoryRecord):
    """A record that does something once so many visits were written."""

    after: int = 0
    happens: Any = None  # called without arguments, in a thread

    async def finish_visit(self, *args: Any, **named: Any) -> Directive:
        directive = await super().finish_visit(*args, **named)
        if len(self.reports) == self.after:
            await asyncio.to_thread(self.happens)
        return directive


@pytest.mark.parametrize("account", [{}, ACCOUNT], ids=["a stranger", "with an account"])
@pytest.mark.parametrize("kind", ["refused", "unresolved"])
async def test_nobody_at_the_base_address_fails_the_session_soon(crawl: Crawler, kind: str, account: dict[str, Any]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        refused = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        base, reason, outcome = {
            "refused": (refused, FailureReason.UNREACHABLE, VisitOutcome.UNREACHABLE),
            "unresolved": ("http://no-such-host.invalid/", FailureReason.ADDRESS_UNRESOLVED, VisitOutcome.ADDRESS_UNRESOLVED),
        }[kind]
        record = MemoryRecord.starting_at(base)
        began = time.monotonic()
        with pytest.raises(CrawlError) as told:
            await crawl(record, base, **account)
    assert told.value.reason == reason
    assert base in told.value.message
    assert len(told.value.message) > len(base) + 5
    assert time.monotonic() - began < SOON
    assert record.reports[base].sentence
    assert record.reports[base].outcome is outcome


async def test_each_bad_page_is_an_outcome_with_a_code_and_the_others_are_read(
    site: MisbehavingSite, crawl: Crawler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "CAP_S", 2.0)
    base = site.at("trouble")
    record = MemoryRecord.starting_at(base)
    end = await crawl(record, base, below=f"{site.base}/")
    assert end.stop is SliceStop.FRONTIER_EMPTY
    outcomes = {key.removeprefix(site.base): report.outcome for key, report in record.reports.items()}
    expected = {
        "/pages/trouble": VisitOutcome.OK,
        "/pages/plain": VisitOutcome.OK,
        "/pages/alerts": VisitOutcome.DIALOG_LOOP,
        "/huge-announced": VisitOutcome.TOO_LARGE,
        "/download": VisitOutcome.DOWNLOAD,
        "/off-site": VisitOutcome.LEFT_SCOPE,
        "/pages/absent": VisitOutcome.HTTP_ERROR,
        "/pages/restless_form": VisitOutcome.NEVER_SETTLED,
    }
    assert {path: outcomes.get(path) for path in expected} == expected
    assert all(report.sentence for report in record.reports.values())
    assert {kept.form.address for kept in record.forms.values()} == {site.at("plain"), site.at("restless_form")}
    assert site.writes() == []


def _leave_enough_to_visit(record: MemoryRecord, base: str) -> None:
    """Put more pages on the frontier than the count of misses can use up; each deeper than the last, so no template samples them."""
    for deep in range(1, 3 * MISSES_IN_A_ROW + 1):
        address = base + "/".join(["wing"] * deep)
        page = NewPage(key=address, address=address, template=address, source=PageSource.LINK, depth=1, priority=LAST)
        record.add(page)


async def test_an_application_that_goes_down_half_way_leaves_what_was_found(crawl: Crawler) -> None:
    with ExitStack() as stack:
        site = stack.enter_context(running_misbehaving())
        base = f"{site.base}/clinic/"
        record = Watched.starting_at(base)
        assert isinstance(record, Watched)
        _leave_enough_to_visit(record, base)
        record.after, record.happens = 4, stack.close
        end = await crawl(record, base)
    assert end.stop is SliceStop.APPLICATION_DOWN
    assert record.forms
    missed = [report for report in record.reports.values() if report.outcome is VisitOutcome.UNREACHABLE]
    # A visit that was reading its page when the application went ends well and starts the count anew, once for each tab.
    assert MISSES_IN_A_ROW <= len(missed) <= 2 * MISSES_IN_A_ROW + 1
    assert all(report.sentence for report in missed)
    assert any(page.state == "waiting" for page in record.pages.values())


async def test_a_lost_lease_ends_the_slice_and_nothing_more_is_written(clinic: str, crawl: Crawler) -> None:
    record = Watched.starting_at(clinic)
    assert isinstance(record, Watched)
    record.after, record.happens = 2, lambda: setattr(record, "lost", True)
    with pytest.raises(LeaseLostError):
        await crawl(record, clinic)
    assert len(record.reports) == 2


async def test_a_slice_told_to_stop_does_the_visit_it_is_at_whole(clinic: str, crawl: Crawler) -> None:
    """Half a visit would hide the forms behind what it did not press, and nobody would come back to it."""
    whole = MemoryRecord.starting_at(clinic, max_pages=1)
    told = MemoryRecord.starting_at(clinic)
    await crawl(whole, clinic)
    end = await crawl(told, clinic, stop=lambda: True)
    assert (end.stop, end.visits) == (SliceStop.STOPPED, 1)
    assert end.clicks > 0
    assert told.forms.keys() == whole.forms.keys()


def _leased(record: MemoryRecord) -> list[str]:
    return [page.address for page in record.pages.values() if page.state is PageState.LEASED]


async def test_visits_that_are_dropped_leave_no_trace_and_their_pages_wait(clinic: str, crawl: Crawler) -> None:
    record = MemoryRecord.starting_at(clinic)
    end = await crawl(record, clinic, drop=lambda: len(record.reports) == 1 and bool(_leased(record)))
    assert (end.stop, end.visits, list(record.reports)) == (SliceStop.STOPPED, 1, [clinic])
    assert record.given_back
    assert not _leased(record)
    assert set(record.given_back) <= {page.address for page in record.pages.values() if page.state is PageState.WAITING}
    await crawl(record, clinic, stop=lambda: set(record.given_back) <= set(record.reports))
    assert set(record.given_back) <= set(record.reports), "a later slice visits them"


async def test_a_visit_that_is_dropped_in_the_middle_is_begun_anew(clinic: str, crawl: Crawler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LOOK_SECONDS", 0.01)  # so that no machine is so quick that the visit ends between two looks
    record = MemoryRecord.starting_at(clinic, max_pages=1)
    end = await crawl(record, clinic, drop=lambda: bool(record.snapshots))
    assert (end.stop, end.visits, record.given_back) == (SliceStop.STOPPED, 0, [clinic])
    assert not record.forms
    await crawl(record, clinic)
    assert record.forms
    assert list(record.reports) == [clinic]


@pytest.mark.parametrize("outcome", [VisitOutcome.TIMEOUT, VisitOutcome.ERROR])
@pytest.mark.parametrize("times", [1, 2], ids=["once", "for good"])
async def test_a_page_that_could_not_be_read_is_begun_once_more(
    clinic: str, crawl: Crawler, monkeypatch: pytest.MonkeyPatch, outcome: VisitOutcome, times: int
) -> None:
    """A busy application answers late; what lies behind its page would be missed."""
    visits: list[str] = []
    wards = f"{clinic}wards"

    async def hesitant(work: Slice, tab: Tab, page: FrontierPage, harvest: Harvest) -> None:
        visits.append(page.address)
        if page.address == wards and visits.count(wards) <= times:
            raise PageLostError(outcome, "It did not answer.")
        await visit(work, tab, page, harvest)

    monkeypatch.setattr(engine, "visit", hesitant)
    record = MemoryRecord.starting_at(clinic)
    end = await crawl(record, clinic)
    assert end.stop is SliceStop.FRONTIER_EMPTY
    assert visits.count(wards) == 2
    assert record.reports[wards].outcome is (VisitOutcome.OK if times == 1 else outcome)


@pytest.mark.parametrize("ended", [SliceStop.CANCELLED, SliceStop.LIMIT_REACHED])
async def test_the_record_s_word_ends_the_slice_at_once(clinic: str, crawl: Crawler, ended: SliceStop) -> None:
    record = MemoryRecord.starting_at(clinic, max_pages=1)
    record.cancelled = ended is SliceStop.CANCELLED
    end = await crawl(record, clinic)
    assert (end.stop, end.visits) == (ended, 1)


async def test_a_later_slice_repeats_no_visit_and_no_form(clinic: str, crawl: Crawler) -> None:
    record = MemoryRecord.starting_at(clinic)
    await crawl(record, clinic, stop=lambda: len(record.reports) >= 2)
    first = list(record.order_of_visits)
    forms = set(record.forms)
    await crawl(record, clinic, stop=lambda: len(record.reports) >= len(first) + 2)
    assert set(record.order_of_visits[len(first) :]).isdisjoint(first)
    assert len(record.order_of_visits) > len(first)
    assert forms <= set(record.forms)
    assert len([kept for kept in record.forms.values() if any(entry.startswith("q|") for entry in kept.form.signature)]) == 1

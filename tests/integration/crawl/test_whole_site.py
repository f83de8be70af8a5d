"""A small application is found completely: each form once, by a path that leads there, and nothing in it is changed."""

from collections import Counter
from dataclasses import dataclass

import pytest
from tests.integration.crawl.conftest import Crawler
from tests.support.clinic import FORMS, PATIENTS, ROOMS
from tests.support.misbehaving import MisbehavingSite, running_misbehaving
from tests.support.records import MemoryRecord

from formscout.domain.crawls import RequestVerdict
from formscout.domain.forms import NewForm
from formscout.domain.pages import SkipReason, VisitOutcome
from formscout.domain.paths import Action, VerificationStatus
from formscout_discovery.browser.options import TabRules
from formscout_discovery.browser.pool import Chromium
from formscout_discovery.crawl.memory import INSTANCES_OF_A_TEMPLATE
from formscout_discovery.crawl.plan import SliceEnd, SliceStop
from formscout_discovery.crawl.replay import follow
from formscout_discovery.crawl.state import read_state
from formscout_discovery.detection.folding import fields_of


@dataclass(frozen=True)
class Crawled:
    site: MisbehavingSite
    record: MemoryRecord
    end: SliceEnd


@pytest.fixture(scope="module")
async def crawled(chromium: Chromium) -> Crawled:
    """Crawl the clinic once for all that is asked of it; its server is of its own, so that its count is, too."""
    with running_misbehaving() as own:
        base = f"{own.base}/clinic/"
        record = MemoryRecord.starting_at(base)
        end = await Crawler(chromium)(record, base)
        async with chromium.browse(TabRules(allow_private=True)) as stranger:
            for form_page in record.form_pages:
                tab = await stranger.new_tab()
                assert await follow(tab, form_page.path) is not None
                state = await read_state(tab)
                shown = {names(state.candidate(form).signature) for form in state.shown()}
                assert {names(form.signature) for form in form_page.forms} <= shown, form_page.path
                await tab.close()
        return Crawled(site=own, record=record, end=end)


def names(signature: tuple[str, ...]) -> frozenset[str]:
    return frozenset(entry.partition("|")[0] for entry in fields_of(signature))


def form_of(crawled: Crawled, *fields: str) -> NewForm:
    return next(kept.form for kept in crawled.record.forms.values() if names(kept.form.signature) == frozenset(fields))


def test_every_form_is_found_and_none_twice(crawled: Crawled) -> None:
    assert Counter(names(kept.form.signature) for kept in crawled.record.forms.values()) == Counter(FORMS.keys())
    assert crawled.end.stop is SliceStop.FRONTIER_EMPTY


def test_every_path_was_replayed_in_a_fresh_tab(crawled: Crawled) -> None:
    told = [(form_page.path, form_page.verification) for form_page in crawled.record.form_pages]
    assert [one for one in told if one[1].status is not VerificationStatus.VERIFIED] == []
    assert {form_page.screenshot is not None for form_page in crawled.record.form_pages} == {True}


def test_no_path_has_a_step_too_many(crawled: Crawled) -> None:
    steps = {names(form.signature): [step.action for step in page.path] for page in crawled.record.form_pages for form in page.forms}
    opened, pressed = Action.OPEN, Action.PRESS
    assert steps[frozenset({"given", "family", "born", "phone"})] == [opened]
    assert steps[frozenset({"ward", "floor", "beds"})] == [opened, pressed]
    assert steps[frozenset({"receiver", "most", "quiet"})] == [opened, pressed]
    assert steps[frozenset({"file", "what", "seen"})] == [opened, pressed]
    assert steps[frozenset({"source", "language", "author"})] == [opened, pressed, pressed]


def test_create_and_edit_are_one_form_that_lists_where_else_it_stands(crawled: Crawled) -> None:
    kept = crawled.record.forms[form_of(crawled, "given", "family", "born", "phone").fingerprint]
    places = {kept.form.address, *kept.addresses}
    assert f"{crawled.site.base}/clinic/patients/new" in places
    assert any(place.endswith("/edit") for place in places)


def test_the_search_of_all_pages_is_one_form_met_often(crawled: Crawled) -> None:
    assert crawled.record.forms[form_of(crawled, "q").fingerprint].instances > 5


def test_nothing_reached_the_server_that_could_change_it(crawled: Crawled) -> None:
    assert [(method, path) for method, path in crawled.site.arrived if method not in ("GET", "HEAD")] == []
    assert not any(path.endswith("/delete") for _, path in crawled.site.arrived)


def test_what_was_held_back_and_left_alone_is_listed(crawled: Crawled) -> None:
    listed = {(request.verdict, request.method, request.address) for request in crawled.record.requests}
    base = crawled.site.base
    assert (RequestVerdict.HELD_BACK, "POST", f"{base}/clinic/recount") in listed
    assert any(verdict is RequestVerdict.SKIPPED and address.endswith("/delete") for verdict, _, address in listed)


def test_of_pages_that_are_alike_a_few_are_looked_at_and_the_others_are_skipped_with_a_reason(crawled: Crawled) -> None:
    rooms = [address for address in crawled.record.order_of_visits if "/rooms/" in address]
    assert INSTANCES_OF_A_TEMPLATE <= len(rooms) <= INSTANCES_OF_A_TEMPLATE + 1  # two tabs may start on the last ones together
    skipped = {address: reason for address, reason in crawled.record.skipped.items() if "/rooms/" in address}
    assert len(skipped) == ROOMS - len(rooms)
    assert set(skipped.values()) == {SkipReason.TEMPLATE_BUDGET}
    assert len([address for address in crawled.record.order_of_visits if address.endswith("/edit")]) <= PATIENTS // 2


def test_every_visit_ends_with_a_code_and_a_sentence(crawled: Crawled) -> None:
    assert {report.outcome for report in crawled.record.reports.values()} <= {VisitOutcome.OK, VisitOutcome.DUPLICATE}
    assert all(report.sentence for report in crawled.record.reports.values())
    assert crawled.end.visits == len(crawled.record.reports)

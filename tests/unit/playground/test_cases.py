"""The playground itself: its cases can be written in every style, and its judge sees what went wrong."""

import json
from collections import Counter

import pytest
from tests.support.playground.cases import OBSERVE, SUBMIT, Case, Site, at, site
from tests.support.playground.crawling import Crawled
from tests.support.playground.judging import Verdict, judge
from tests.support.playground.kit import PLAIN, Kit
from tests.support.playground.registry import all_cases
from tests.support.playground.scoring import table
from tests.support.playground.server import Running
from tests.support.playground.truth import truth_of

CASES_AT_LEAST = 120
FORM = Kit().form()
CASE = Case(group="one", name="case", title="A case", write=lambda _kit: site("", FORM))


def running(site: Site) -> Running:
    return Running(site=site, kit=Kit(), port=80)


def report(*, path: str = FORM.path, verified: str = "verified", fields: int = 2) -> dict[str, object]:
    read = [{"name": field.name, "label": field.label, "type": field.type, "required": False} for field in FORM.fields[:fields]]
    return {"address": f"http://127.0.0.1{path}", "addresses": [], "title": "", "verified": verified, "why": None, "fields": read}


def verdict(site: Site, crawled: Crawled, *arrived: str, mode: str = OBSERVE) -> Verdict:
    served = running(site)
    served.arrived = Counter(arrived)
    return judge(CASE, served, crawled, mode=mode)


def test_there_is_a_case_for_each_mechanism() -> None:
    assert len(all_cases()) >= CASES_AT_LEAST


@pytest.mark.parametrize("seed", range(3))
def test_every_case_can_be_written_in_the_style_of_any_seed(seed: int) -> None:
    for case in all_cases():
        written = case.write(Kit(seed))
        assert written.start in written.pages, case.id
        assert json.loads(truth_of(case, running(written)))["case"] == case.id


def test_a_seed_writes_the_same_site_each_time_and_another_seed_another() -> None:
    def first_page(seed: int) -> str:
        kit = Kit(seed)
        form = kit.form()
        return kit.page(kit.link(form) + form.html)

    assert first_page(7) == first_page(7)
    assert len({first_page(seed) for seed in range(12)}) == 12
    assert first_page(PLAIN) == first_page(PLAIN)


def test_a_form_found_where_it_stands_passes() -> None:
    result = verdict(site("", FORM), Crawled(forms=[report()], visits=2))
    assert (result.found, result.present, result.reasons) == (1, 1, [])


def test_what_is_missed_made_up_doubled_or_unverified_is_said() -> None:
    assert verdict(site("", FORM), Crawled()).reasons == [f"missed: {at(FORM).document()['id']}"]
    assert verdict(site(""), Crawled(forms=[report()])).reasons[0].startswith("extra: /visitors")
    assert verdict(site("", FORM), Crawled(forms=[report(), report()])).reasons[0].startswith("twice: /visitors")
    assert verdict(site("", FORM), Crawled(forms=[report(verified="unverified")])).reasons[0].startswith("unverified")


def test_an_exact_form_is_to_be_read_whole() -> None:
    whole = Kit().form(3)
    strict = Site(pages={"/": ""}, forms=(at(whole, exact=True),))
    assert verdict(strict, Crawled(forms=[report()])).reasons[0].startswith("fields: /visitors")


def test_writes_are_harm_in_observe_mode_and_harmful_requests_in_both() -> None:
    guarded = site("", harmful=("GET /logout*",), allowed=("POST /login",), at_most={"POST /login": 2})
    assert verdict(guarded, Crawled(), "POST /login", "POST /login").passed
    assert verdict(guarded, Crawled(), *["POST /login"] * 3).reasons == ["harm: POST /login x3, at most 2"]
    assert verdict(guarded, Crawled(), "POST /save").reasons == ["harm: POST /save x1"]
    assert verdict(guarded, Crawled(), "POST /save", mode=SUBMIT).passed
    assert verdict(guarded, Crawled(), "GET /logout?x=1", mode=SUBMIT).reasons == ["harm: GET /logout?x=1 x1"]


def test_a_crawl_without_an_end_is_said() -> None:
    assert verdict(site("", most_visits=5), Crawled(visits=6)).reasons == ["unbounded: 6 visits, at most 5"]
    assert verdict(site(""), Crawled(failure="sign_in_failed")).reasons == ["ended: sign_in_failed, should be well"]


def test_the_table_counts_by_group_and_mode() -> None:
    lines = table([verdict(site("", FORM), Crawled(forms=[report()])), verdict(site("", FORM), Crawled())]).splitlines()
    assert lines[1].split()[:4] == ["one", "observe", "1/2", "1/2"]

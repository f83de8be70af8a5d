"""A user name and a password are enough to get in; when they are not, the session says why and the account is not locked."""

from typing import Any

import pytest
from tests.integration.crawl.conftest import Crawler
from tests.support.clinic import PASSWORD, SHIFTS, USER
from tests.support.misbehaving import MisbehavingSite
from tests.support.records import MemoryRecord

from formscout.domain.crawls import FailureReason
from formscout.domain.errors import CrawlError
from formscout.domain.networks import Credentials, SignIn, SignInKind
from formscout.domain.pages import VisitOutcome
from formscout_discovery.crawl import sign_in
from formscout_discovery.crawl.landing import MOST_SIGN_INS
from formscout_discovery.detection.folding import fields_of

INSIDE = frozenset({"shift", "nurse", "doctor"})


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once: the pages here are drawn by the server, nothing comes later."""
    monkeypatch.setattr(sign_in, "SECONDS_BETWEEN_LOOKS", 0.1)


def account(password: str = PASSWORD, **more: Any) -> dict[str, Any]:
    kind = SignIn(kind=SignInKind.PASSWORD, username=USER, **more)
    return {"sign_in": kind, "credentials": Credentials(password=password)}


def found(record: MemoryRecord) -> set[frozenset[str]]:
    return {frozenset(entry.partition("|")[0] for entry in fields_of(kept.form.signature)) for kept in record.forms.values()}


@pytest.mark.parametrize(("steps", "posts"), [("one", 1), ("two", 2)])
async def test_the_right_password_leads_to_the_forms_inside(site: MisbehavingSite, crawl: Crawler, steps: str, posts: int) -> None:
    base = f"{site.base}/staff/{steps}/"
    record = MemoryRecord.starting_at(base)
    end = await crawl(record, base, **account())
    assert end.signed_in
    assert len(crawl.states) == 1
    assert PASSWORD.encode() not in crawl.states[0]
    assert INSIDE in found(record)
    assert len(found(record)) == 2  # and the sign-in's own, as a stranger sees it
    assert site.writes() == [f"/staff/{steps}/login"] * posts
    assert site.reads(f"/staff/{steps}/logout") == 0


async def test_a_wrong_password_fails_the_session_after_two_tries(site: MisbehavingSite, crawl: Crawler) -> None:
    base = f"{site.base}/staff/one/"
    record = MemoryRecord.starting_at(base)
    with pytest.raises(CrawlError) as told:
        await crawl(record, base, **account("wrong"))
    assert told.value.reason == FailureReason.SIGN_IN_FAILED
    assert f"{base}login" in told.value.message
    assert "wrong" not in told.value.message
    assert 1 <= len(site.writes()) <= 2
    assert crawl.states == []
    assert record.reports[base].outcome is VisitOutcome.SIGNED_OUT
    assert found(record) == {frozenset({"user", "password"})}  # what a stranger sees is kept


async def test_an_application_without_a_sign_in_form_says_so_and_is_sent_nothing(site: MisbehavingSite, crawl: Crawler) -> None:
    base = site.at("plain")
    record = MemoryRecord.starting_at(base)
    with pytest.raises(CrawlError) as told:
        await crawl(record, base, below=site.base, **account())
    assert told.value.reason == FailureReason.SIGN_IN_FORM_NOT_FOUND
    assert base in told.value.message
    assert site.writes() == []


async def test_a_sign_in_address_that_is_given_is_used(site: MisbehavingSite, crawl: Crawler) -> None:
    base = f"{site.base}/staff/one/desk"
    record = MemoryRecord.starting_at(base)
    end = await crawl(record, base, below=f"{site.base}/staff/", **account(sign_in_url=f"{site.base}/staff/one/login"))
    assert end.signed_in
    assert INSIDE in found(record)
    assert site.arrived[0] == ("GET", "/staff/one/login")


async def test_a_session_that_the_application_ends_is_mended_on_the_way(site: MisbehavingSite, crawl: Crawler) -> None:
    base = f"{site.base}/staff/brief/"
    record = MemoryRecord.starting_at(base)
    await crawl(record, base, tabs=1, **account())
    assert found(record) >= {INSIDE, *(frozenset({f"{shift}_from", f"{shift}_to", f"{shift}_who"}) for shift in SHIFTS)}
    assert VisitOutcome.SIGNED_OUT not in {report.outcome for report in record.reports.values()}
    assert 2 <= len(site.writes()) <= MOST_SIGN_INS + 1
    assert set(site.writes()) == {"/staff/brief/login"}

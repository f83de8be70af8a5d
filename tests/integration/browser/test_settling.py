"""A page is read when it has come to rest, and no later than it must."""

import time

import pytest
from tests.support.misbehaving import MisbehavingSite

from formscout.domain.pages import VisitOutcome
from formscout.domain.snapshots import Snapshot
from formscout_discovery.browser import settling
from formscout_discovery.browser.tab import BrowserTab


def names(snapshot: Snapshot) -> set[str]:
    return {node.attributes["name"] for node in snapshot.nodes if "name" in node.attributes}


async def test_controls_that_scripts_draw_late_are_waited_for(site: MisbehavingSite, tab: BrowserTab) -> None:
    assert (await tab.open(site.at("late"))).settled
    assert names(await tab.capture()) == {"late"}


async def test_a_page_that_shows_that_it_loads_is_waited_for(site: MisbehavingSite, tab: BrowserTab) -> None:
    assert (await tab.open(site.at("loading"))).settled
    assert names(await tab.capture()) == {"loaded"}


async def test_a_page_that_never_rests_is_read_at_the_cap(site: MisbehavingSite, tab: BrowserTab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "CAP_S", 2.0)
    began = time.monotonic()
    arrival = await tab.open(site.at("restless"))
    assert (arrival.outcome, arrival.settled) == (VisitOutcome.OK, False)
    assert 1 < time.monotonic() - began < 6
    assert (await tab.capture()).title == "Restless"


async def test_waiting_for_news_is_not_unrest(site: MisbehavingSite, tab: BrowserTab) -> None:
    assert (await tab.open(site.at("polling"))).settled


async def test_a_quiet_page_is_not_waited_for_until_the_cap(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("second"))
    began = time.monotonic()
    await tab.open(site.at("plain"))
    assert time.monotonic() - began < settling.CAP_S / 2

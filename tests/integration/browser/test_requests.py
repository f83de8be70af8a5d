"""In the mode that only looks, nothing that an action of ours would send reaches the application."""

import asyncio

import pytest
from tests.support.canary import running_canary
from tests.support.misbehaving import MisbehavingSite

from formscout.domain.crawls import CrawlMode, JudgedRequest, RequestVerdict
from formscout.domain.networks import Environment
from formscout.domain.pages import VisitOutcome
from formscout.domain.paths import Locators
from formscout_discovery.browser.options import TabRules
from formscout_discovery.browser.pool import Chromium
from formscout_discovery.browser.tab import BrowserTab
from formscout_discovery.policy.requests import Cause, JudgeSettings

LATE_S = 0.5
"""What leaks, leaks late: so long a test waits before it counts."""

OPENED_S = 60
"""For a socket to open on a machine that is all busy."""


def held(judged: tuple[JudgedRequest, ...]) -> list[tuple[str, str]]:
    """Return method and path of what was held back."""
    return [(each.method, each.address.split("/", 3)[3]) for each in judged if each.verdict is RequestVerdict.HELD_BACK]


async def press(tab: BrowserTab, css: str, label: str | None = None) -> None:
    assert await tab.press(Locators(css=css, label=label)) is not None


async def said(tab: BrowserTab) -> str:
    return await tab.page.inner_text("#said")


@pytest.mark.parametrize(
    ("control", "path"),
    [
        ("#post", "thing"),
        ("#beacon", "beacon"),
        ("#mutate", "graphql"),
        ("#worker", "from-worker"),
        ("#formpost", "form-post"),
        ("#frameform", "frame-form-post"),
    ],
)
async def test_what_a_press_would_send_is_held_back(site: MisbehavingSite, tab: BrowserTab, control: str, path: str) -> None:
    await tab.open(site.at("acts"))
    tab.requests()
    await press(tab, control)
    await asyncio.sleep(LATE_S)
    assert site.writes() == []
    assert ("POST", path) in held(tab.requests())
    assert tab.address.startswith(site.at("acts")), "the page stands as it was"


@pytest.mark.parametrize("control", ["#popup", "#blank", "#named", "#blankform", "#shared", "#ping"])
async def test_popups_and_shared_workers_send_nothing(site: MisbehavingSite, tab: BrowserTab, control: str) -> None:
    await tab.open(site.at("acts"))
    await press(tab, control)
    await asyncio.sleep(LATE_S)
    assert site.writes() == []
    assert site.reads("/pages/popup") == 0


async def test_a_form_sent_into_a_new_window_is_listed_as_held_back(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("acts"))
    await press(tab, "#blankform")
    await asyncio.sleep(LATE_S)
    assert ("POST", "blank-form-post") in held(tab.requests())


async def test_the_address_of_a_popup_is_told(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("acts"))
    arrival = await tab.press(Locators(css="#blank"))
    assert arrival is not None
    assert arrival.routes == (site.at("popup"),)
    await asyncio.sleep(LATE_S)
    assert len(tab.page.context.pages) == 1


async def test_what_is_held_back_is_answered_with_403(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("acts"))
    await press(tab, "#post")
    assert await said(tab) == "status 403"


async def test_a_graphql_query_passes(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("acts"))
    tab.requests()
    await press(tab, "#query")
    assert await said(tab) == "query 200"
    (passed,) = [each for each in tab.requests() if each.method == "POST"]  # the page's socket may open as late as that
    assert (passed.verdict, passed.reason) == (RequestVerdict.LET_THROUGH, "a GraphQL query")


async def test_what_a_page_sends_while_it_goes_is_held_back(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("acts"))
    await press(tab, "#leave")
    assert tab.address == site.at("second")
    await asyncio.sleep(LATE_S)
    assert site.writes() == []


async def test_what_a_frame_sends_when_pressed_is_held_back_in_both_origins(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("frames"))
    for frame in ("#own", "#foreign"):
        assert await tab.press(Locators(css="#b", frame=(frame,))) is not None
    await asyncio.sleep(LATE_S)
    assert site.writes() == []
    assert ("POST", "from-frame") in held(tab.requests())


async def test_frames_of_a_socket_pass_on_opening_and_are_held_after_a_press(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("acts"))
    async with asyncio.timeout(OPENED_S):
        while not site.frames:  # noqa: ASYNC110 (a page at rest does not wait for its sockets, and the site runs in a thread)
            await asyncio.sleep(0.01)
    await press(tab, "#socket")
    await asyncio.sleep(LATE_S)
    assert site.frames == ["hello on opening"]
    assert ("WEBSOCKET", "socket") in held(tab.requests())


async def test_links_that_act_are_held_back_and_places_named_alike_are_not(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("acts"))
    for control, label in (("#bye", "Jane"), ("#del", "Delete"), ("#ok", "OK")):
        await press(tab, control, label)
        assert tab.address == site.at("acts")
    assert site.reads("/logout") == site.reads("/items/5/delete") == 0
    await press(tab, "#list", "Candidates")
    assert site.reads("/items/delete-candidates") == 1


async def test_a_link_off_the_application_is_not_followed(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("acts"))
    arrival = await tab.press(Locators(css="#out"))
    assert arrival is not None
    assert arrival.address == site.at("acts")
    assert f"{site.other}/pages/plain" in arrival.routes
    assert site.reads("/pages/plain") == 0


async def test_a_file_behind_a_link_leaves_the_page_as_it_stands(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("acts"))
    arrival = await tab.press(Locators(css="#file"))
    assert arrival is not None
    assert arrival.address == site.at("acts")


async def test_a_page_that_reads_by_post_when_opened_may_and_is_listed(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("opening"))
    assert site.writes() == ["/read-by-post"]
    (passed,) = tab.requests()
    assert (passed.verdict, passed.method, passed.count) == (RequestVerdict.LET_THROUGH, "POST", 1)


async def test_a_beacon_is_held_back_even_when_a_page_is_merely_opened(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("reporting"))
    await asyncio.sleep(LATE_S)
    assert site.writes() == []
    assert held(tab.requests()) == [("POST", "beacon")]


async def test_in_production_a_page_may_not_even_post_when_opened(site: MisbehavingSite, chromium: Chromium) -> None:
    rules = TabRules(allow_private=True, judging=JudgeSettings(environment=Environment.PRODUCTION))
    async with chromium.browse(rules) as browser:
        await (await browser.new_tab()).open(site.at("opening"))
        assert site.writes() == []


async def test_signing_in_may_send_its_form(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("plain"))
    assert await tab.fill(Locators(css="#n"), "Grace")
    arrival = await tab.submit(Locators(css="button"), cause=Cause.SIGNING_IN)
    assert arrival is not None
    assert site.writes() == ["/send"]


async def test_enter_in_the_focused_field_sends_the_sign_in_form_too(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("plain"))
    await tab.fill(Locators(css="#n"), "Grace")
    arrival = await tab.submit(None, cause=Cause.SIGNING_IN)
    assert arrival is not None
    assert arrival.outcome is not VisitOutcome.ERROR
    assert site.writes() == ["/send"]


async def test_what_the_network_allows_passes(site: MisbehavingSite, chromium: Chromium) -> None:
    rules = TabRules(allow_private=True, judging=JudgeSettings(allow_requests=(f"{site.base}/thing",)))
    async with chromium.browse(rules) as browser:
        tab = await browser.new_tab()
        await tab.open(site.at("acts"))
        await press(tab, "#post")
        await press(tab, "#mutate")
        assert site.writes() == ["/thing"]


async def test_submit_mode_sends_what_is_no_hazard(site: MisbehavingSite, chromium: Chromium) -> None:
    rules = TabRules(allow_private=True, judging=JudgeSettings(mode=CrawlMode.SUBMIT))
    async with chromium.browse(rules) as browser:
        tab = await browser.new_tab()
        await tab.open(site.at("acts"))
        await press(tab, "#post")
        assert site.writes() == ["/thing"]


async def test_closing_tabs_and_states_sends_nothing(site: MisbehavingSite, chromium: Chromium) -> None:
    async with chromium.browse(TabRules(allow_private=True)) as browser:
        first, second = await browser.new_tab(), await browser.new_tab()
        await first.open(site.at("unloading"))
        await second.open(site.at("unloading"))
        await first.close()
    await asyncio.sleep(LATE_S)
    assert site.writes() == []


async def test_a_page_that_sends_from_everywhere_reaches_nothing_in_production(chromium: Chromium) -> None:
    """What tabs do not hear of, the gate holds back: here a worker's socket, which is listed like the rest."""
    rules = TabRules(allow_private=True, judging=JudgeSettings(environment=Environment.PRODUCTION))
    with running_canary() as canary:
        async with chromium.browse(rules) as browser:
            tab = await browser.new_tab()
            await tab.open(f"http://127.0.0.1:{canary.port}/")
            seen: set[tuple[str, str]] = set()
            async with asyncio.timeout(OPENED_S):
                while not {("POST", "write/worker"), ("POST", "write/beacon"), ("WEBSOCKET", "line/worker")} <= seen:
                    await asyncio.sleep(0.02)
                    seen.update(held(tab.requests()))
            await tab.close()
        await asyncio.sleep(LATE_S)
        assert canary.writes == []
        assert "worker" not in canary.frames
        assert "page" in canary.reads

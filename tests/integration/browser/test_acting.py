"""Pressing, hovering, choosing and filling reach exactly the element meant, and settle after it."""

import pytest
from tests.support.misbehaving import MisbehavingSite

from formscout.domain.paths import Locators
from formscout_discovery.browser.tab import BrowserTab


async def said(tab: BrowserTab) -> str:
    return await tab.page.inner_text("#said")


async def test_a_link_leads_to_its_page(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("plain"))
    arrival = await tab.press(Locators(role="link", label="Second", css="a"))
    assert arrival is not None
    assert (arrival.address, arrival.status) == (site.at("second"), 200)
    assert arrival.routes == (site.at("second"),)


async def test_role_and_name_do_where_the_css_no_longer_hits(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("plain"))
    assert await tab.press(Locators(role="link", label="Second", css="nav > a:nth-of-type(7)")) is not None
    assert tab.address == site.at("second")


@pytest.mark.parametrize("css", ["#covered", "#off", "#absent", "p[", "script"])
async def test_what_takes_no_click_is_not_pressed(site: MisbehavingSite, tab: BrowserTab, css: str) -> None:
    await tab.open(site.at("acts"))
    assert await tab.press(Locators(css=css)) is None


async def test_what_pulses_is_pressed_and_what_runs_away_is_not(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("pulsing"))
    assert await tab.press(Locators(css="#running")) is None
    assert await tab.press(Locators(css="#pulsing")) is not None
    assert await said(tab) == "pulsing pressed"


async def test_what_lies_under_a_sticky_head_is_brought_out(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("sticky"))
    for number in (1, 5, 9):
        assert await tab.press(Locators(css=f"#b{number}")) is not None
        assert await said(tab) == f"b{number}"
    assert await tab.press(Locators(css="#b2")) is not None
    assert await said(tab) == "b2"


@pytest.mark.parametrize(
    ("locators", "words"),
    [
        (Locators(css="#go", shadow_path=("#shut",)), "closed pressed"),
        (Locators(css="button", shadow_path=("#wide", "#deep")), "deep pressed"),
    ],
)
async def test_closed_and_nested_shadow_roots_are_reached(site: MisbehavingSite, tab: BrowserTab, locators: Locators, words: str) -> None:
    await tab.open(site.at("closed"))
    assert await tab.press(locators) is not None
    assert await said(tab) == words


async def test_fields_in_closed_shadow_roots_are_filled(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("closed"))
    assert await tab.fill(Locators(css="input", shadow_path=("#shut",)), "words")
    snapshot = await tab.capture()
    (field,) = [node for node in snapshot.nodes if node.attributes.get("name") == "c"]
    assert field.has_value


async def test_a_frame_of_another_origin_is_reached(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("frames"))
    assert await tab.press(Locators(css="#b", frame=("#foreign",))) is not None
    snapshot = await tab.capture()
    names = {snapshot.frames[node.frame].address: node.name for node in snapshot.nodes if node.tag == "button"}
    assert names == {f"{site.base}/pages/inner": "Inner", f"{site.other}/pages/inner": "Pressed"}


async def test_options_boxes_and_switches_are_chosen(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("choosing"))
    for css, value, words in (("#s", "b", "select b"), ("#c", "true", "box true"), ("#c", "false", "box false"), ("#w", "true", "switch")):
        assert await tab.choose(Locators(css=css), value) is not None
        assert await said(tab) == words
    assert await tab.choose(Locators(css="#s"), "absent") is None


async def test_what_a_hover_shows_can_be_seen(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("choosing"))
    before = await tab.capture()
    assert await tab.hover(Locators(css="#menu")) is not None
    after = await tab.capture()
    assert [[n.visible for n in s.nodes if n.name == "Sub" and n.tag == "a"] for s in (before, after)] == [[], [True]]


async def test_routes_within_the_page_are_told(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("acts"))
    arrival = await tab.press(Locators(css="#route"))
    assert arrival is not None
    assert arrival.routes == (f"{site.base}/pages/acts/routed", f"{site.base}/pages/acts/routed#/deeper")
    assert arrival.address == f"{site.base}/pages/acts/routed#/deeper"
    assert arrival.status is None


async def test_an_address_that_differs_by_its_fragment_is_opened_afresh(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("acts"))
    await tab.press(Locators(css="#mutate"))
    assert await said(tab) != "nothing"
    arrival = await tab.open(site.at("acts") + "#/here")
    assert arrival.address.endswith("#/here")
    assert await said(tab) == "nothing"

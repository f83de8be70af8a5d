"""Locators read from a snapshot, tried on the page it was taken of, in a real Chromium."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Frame, Page, Route, async_playwright

from formscout.domain.paths import Locators
from formscout.domain.snapshots import Snapshot
from formscout.reading import read_forms
from formscout_discovery.browser.capture import PageFacts, capture
from formscout_discovery.browser.executable import find_executable

ADDRESS = "http://locators.example/"
HTML = """<h1>Odd places</h1>
<form id="f1"><input name="a"><input name="a"><input id="x:y"><p><input><input></p>
<input type="radio" name="r" value="1"><input type="radio" name="r" value="&quot;2"></form>
<x-a><template shadowrootmode="open"><div><span>Nick</span><input><input></div>
<div><x-b><template shadowrootmode="open"><input><button>Save</button></template></x-b></div></template></x-a>
<iframe srcdoc="<form><p><input><input name='q&quot;z'></p>
<x-c><template shadowrootmode=open><input></template></x-c></form>"></iframe>"""
FIND = """([hosts, css]) => {
  let root = document;
  for (const host of hosts) {
    const found = root.querySelectorAll(host);
    if (found.length !== 1) return null;
    root = found[0].shadowRoot;
  }
  const found = root.querySelectorAll(css);
  if (found.length !== 1) return null;
  const box = found[0].getBoundingClientRect();
  return [box.width, box.height, found[0].tagName.toLowerCase()];
}"""


@pytest.fixture
async def tab() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_executable(None, bundled=playwright.chromium.executable_path), args=["--no-sandbox"]
        )
        page = await browser.new_page(viewport={"width": 1280, "height": 800})

        async def answer(route: Route) -> None:
            await route.fulfill(body=HTML, content_type="text/html")

        await page.route(f"{ADDRESS}**", answer)
        await page.goto(ADDRESS)
        yield page
        await browser.close()


async def frozen(page: Page) -> Snapshot:
    session = await page.context.new_cdp_session(page)
    return await capture(session, PageFacts(width=1280, height=800, status=200, degraded=()))


async def hit(page: Page, locators: Locators) -> list[float | str] | None:
    frame: Frame | None = page.main_frame
    for css in locators.frame:
        assert frame is not None
        owner = await frame.query_selector(css)
        assert owner is not None
        frame = await owner.content_frame()
    assert frame is not None
    found: list[float | str] | None = await frame.evaluate(FIND, [list(locators.shadow_path), locators.css])
    return found


async def test_css_hits_exactly_the_field_in_its_frame_and_shadow_root(tab: Page) -> None:
    snapshot = await frozen(tab)
    fields = [f for form in read_forms(snapshot) for f in form.fields]
    assert len(fields) == 11
    for field in fields:
        node = snapshot.nodes[field.node]
        assert node.box is not None
        found = await hit(tab, field.locators)
        assert found is not None, field.locators
        width, height, tag = found
        assert (tag, round(float(width)), round(float(height))) == (node.tag, round(node.box.width), round(node.box.height))


async def test_css_tells_all_fields_of_a_document_apart(tab: Page) -> None:
    snapshot = await frozen(tab)
    ways = [(f.locators.frame, f.locators.shadow_path, f.locators.css) for form in read_forms(snapshot) for f in form.fields]
    assert len(set(ways)) == len(ways)

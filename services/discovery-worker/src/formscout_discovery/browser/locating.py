"""Finds the element that locators mean."""

from typing import Final

from playwright.async_api import ElementHandle, Frame, Page
from playwright.async_api import Error as PlaywrightError

from formscout.domain.paths import Locators
from formscout_discovery.browser.scripts import script

TEST_ID_ATTRIBUTES: Final = ("data-testid", "data-test", "data-cy")


async def frame_of(page: Page, path: tuple[str, ...]) -> Frame | None:
    """Return the frame that the CSS of each frame element leads to, outermost first."""
    frame = page.main_frame
    for css in path:
        element = await frame.query_selector(f"css={css}")
        inner = None if element is None else await element.content_frame()
        if inner is None:
            return None
        frame = inner
    return frame


async def find(page: Page, locators: Locators) -> ElementHandle | None:
    """Return the element: by CSS exactly, else by test id, else by role and name where they mean one element alone.

    An element in a closed shadow root is not found here (`closed_roots` reaches those).
    """
    try:
        frame = await frame_of(page, locators.frame)
        if frame is None:
            return None
        return await _by_css(frame, locators) or await _by_test_id(frame, locators) or await _by_name(frame, locators)
    except PlaywrightError:
        return None  # no such selector, or the document went away meanwhile


async def _by_css(frame: Frame, locators: Locators) -> ElementHandle | None:
    if locators.css is None:
        return None
    handle = await frame.evaluate_handle(script("resolve"), {"path": list(locators.shadow_path), "css": locators.css})
    return handle.as_element()


async def _by_test_id(frame: Frame, locators: Locators) -> ElementHandle | None:
    if locators.test_id is None:
        return None
    for attribute in TEST_ID_ATTRIBUTES:
        found = await frame.query_selector_all(f'[{attribute}="{locators.test_id}"]')
        if len(found) == 1:
            return found[0]
    return None


async def _by_name(frame: Frame, locators: Locators) -> ElementHandle | None:
    if locators.role is None or not locators.label:
        return None
    # The role is Chromium's own, which is one that Playwright knows; its type is a closed list, hence the engine's own syntax.
    label = locators.label.replace("\\", "\\\\").replace('"', '\\"')
    found = await frame.query_selector_all(f'role={locators.role}[name="{label}"s]')
    return found[0] if len(found) == 1 else None

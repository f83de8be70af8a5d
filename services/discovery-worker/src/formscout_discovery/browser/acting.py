"""Does things to one element of a page: clicks it, moves the pointer over it, gives it a value; never by force."""

from typing import Final

from playwright.async_api import ElementHandle, Page
from playwright.async_api import Error as PlaywrightError

from formscout_discovery.browser.scripts import script

ACT_TIMEOUT_MS: Final = 2000
"""For an element to become still, uncovered and enabled; one that takes longer is not for pressing now."""

READY: Final = "ready"

CHOICE_TYPES: Final = frozenset({"checkbox", "radio"})


async def can_be_pressed(element: ElementHandle) -> bool:
    """Scroll the element into view and test whether a click at its centre would meet it."""
    try:
        await element.scroll_into_view_if_needed(timeout=ACT_TIMEOUT_MS)
        return bool(await element.evaluate(script("reach")) == READY)
    except PlaywrightError:
        return False


async def press(element: ElementHandle) -> bool:
    """Click the element; False when it is covered, disabled, gone or does not hold still."""
    if not await can_be_pressed(element):
        return False
    try:
        await element.click(timeout=ACT_TIMEOUT_MS, no_wait_after=True)
    except PlaywrightError as error:
        # The click itself was done when only what came of it went wrong (a navigation that was stopped, a dialog).
        return "intercepts pointer events" not in error.message and "Timeout" not in error.message and "not attached" not in error.message
    return True


async def hover(element: ElementHandle) -> bool:
    """Move the pointer over the element."""
    try:
        await element.hover(timeout=ACT_TIMEOUT_MS)
    except PlaywrightError:
        return False
    return True


async def choose(element: ElementHandle, value: str) -> bool:
    """Choose the option with this value, or tick (`true`) or untick a box; False when the element takes no such choice."""
    try:
        kind = await element.evaluate("element => element.localName === 'input' ? element.type : element.localName")
        if kind == "select":
            return bool(await element.select_option(value=value, timeout=ACT_TIMEOUT_MS))
        if kind in CHOICE_TYPES:
            await element.set_checked(value == "true", timeout=ACT_TIMEOUT_MS)
            return True
        checked = await element.get_attribute("aria-checked")
        if checked is None:
            return False
        return True if (checked == "true") == (value == "true") else await press(element)
    except PlaywrightError:
        return False


async def fill(element: ElementHandle, text: str) -> bool:
    """Put the text into the field as if it was typed."""
    try:
        await element.fill(text, timeout=ACT_TIMEOUT_MS)
    except PlaywrightError:
        return False
    return True


async def press_enter(page: Page) -> bool:
    """Press Enter in the focused field."""
    try:
        await page.keyboard.press("Enter")
    except PlaywrightError:
        return False
    return True

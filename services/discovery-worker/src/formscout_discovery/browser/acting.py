"""Does things to one element of a page: clicks it, moves the pointer over it, gives it a value; never past what covers it."""

import asyncio
from typing import Final, Protocol

from playwright.async_api import ElementHandle, Page
from playwright.async_api import Error as PlaywrightError

from formscout_discovery.browser.scripts import script

ACT_TIMEOUT_MS: Final = 2000
"""For an element to become still, uncovered and enabled; one that takes longer is not for pressing now."""

READY: Final = "ready"

HOPELESS: Final = frozenset({"without area", "disabled"})
"""What `reach` says of an element that no scrolling brings under the pointer."""

CHOICE_TYPES: Final = frozenset({"checkbox", "radio"})

NOT_CLICKED: Final = ("intercepts pointer events", "Timeout", "not attached", "not visible", "outside of the viewport")
"""What Playwright says when no click was made; any other error came of the click itself, by what the page did then."""

MOVING: Final = "waiting for element to be visible, enabled and stable"
AT_REST: Final = "element is visible, enabled and stable"
"""What Playwright writes before and after it has seen an element at one place in two frames that follow each other."""

STAYS_FOR_S: Final = 0.1
"""Between two looks at an element that pulses, or that a busy machine draws too seldom for Playwright to see it at rest."""


class Actable(Protocol):
    """An element that things can be done to; each method tells whether it was done."""

    async def press(self) -> bool:
        """Click the element; False when it is covered, disabled, gone or does not hold still."""
        ...

    async def hover(self) -> bool:
        """Move the pointer over the element."""
        ...

    async def choose(self, value: str) -> bool:
        """Choose the option with this value, or tick (`true`) or untick a box; False when the element takes no such choice."""
        ...

    async def fill(self, text: str) -> bool:
        """Put the text into the field as if it was typed."""
        ...


class FoundElement:
    """An element that Playwright can hold: one in the document or in open shadow roots."""

    def __init__(self, element: ElementHandle) -> None:
        self._element = element

    async def press(self) -> bool:
        """Click the element after testing that the click would meet it."""
        try:
            if not await self._can_be_reached():
                return False
            try:
                await self._element.click(timeout=ACT_TIMEOUT_MS, no_wait_after=True)
            except PlaywrightError as error:
                if MOVING not in error.message or AT_REST in error.message or not await self._stays():
                    raise
                await self._element.click(timeout=ACT_TIMEOUT_MS, no_wait_after=True, force=True)
        except PlaywrightError as error:
            return not any(words in error.message for words in NOT_CLICKED)
        return True

    async def _stays(self) -> bool:
        """Tell whether the element's middle stays on it: then a click meets it although it is never quite at rest."""
        area = "element => { const box = element.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; }"
        left, top, right, bottom = await self._element.evaluate(area)
        await asyncio.sleep(STAYS_FOR_S)
        x, y = (left + right) / 2, (top + bottom) / 2
        left, top, right, bottom = await self._element.evaluate(area)
        return bool(left < x < right and top < y < bottom and await self._element.evaluate(script("reach")) == READY)

    async def _can_be_reached(self) -> bool:
        """Test whether a click would meet the element, bringing it into the middle of the view first where it must be."""
        found = await self._element.evaluate(script("reach"))
        if found in HOPELESS:
            return False
        if found != READY:
            await self._element.evaluate("element => element.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' })")
            found = await self._element.evaluate(script("reach"))
        return bool(found == READY)

    async def hover(self) -> bool:
        """Move the pointer over the element."""
        try:
            await self._element.hover(timeout=ACT_TIMEOUT_MS)
        except PlaywrightError:
            return False
        return True

    async def choose(self, value: str) -> bool:
        """Choose by Playwright's own means, which send the events that a person's choice sends."""
        try:
            kind = await self._element.evaluate("element => element.localName === 'input' ? element.type : element.localName")
            if kind == "select":
                has = "(select, value) => [...select.options].some((option) => option.value === value && !option.disabled)"
                return await self._element.evaluate(has, value) and bool(
                    await self._element.select_option(value=value, timeout=ACT_TIMEOUT_MS)
                )
            if kind in CHOICE_TYPES:
                await self._element.set_checked(value == "true", timeout=ACT_TIMEOUT_MS)
                return True
            checked = await self._element.get_attribute("aria-checked")
        except PlaywrightError:
            return False
        if checked is None:
            return False
        return True if (checked == "true") == (value == "true") else await self.press()

    async def fill(self, text: str) -> bool:
        """Put the text into the field."""
        try:
            await self._element.fill(text, timeout=ACT_TIMEOUT_MS)
        except PlaywrightError:
            return False
        return True


async def press_key(page: Page, key: str) -> bool:
    """Press a key where the focus is."""
    try:
        await page.keyboard.press(key)
    except PlaywrightError:
        return False
    return True


async def go_back(page: Page) -> bool:
    """Go back in the tab's history; False when there is nothing to go back to."""
    try:
        await page.evaluate("() => history.back()")
    except PlaywrightError:
        return False
    return True

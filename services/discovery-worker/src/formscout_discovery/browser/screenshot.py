"""Takes pictures of a page with field values masked and forms outlined."""

from collections.abc import Sequence
from typing import Final

from playwright.async_api import Page

from formscout.domain.snapshots import Box
from formscout_discovery.browser.scripts import script

MAX_HEIGHT: Final = 4000
"""CSS pixels; of a longer page the part with the outlined form is shown."""

MARGIN: Final = 40
"""CSS pixels shown above an outlined form that starts further down."""

SCREENSHOT_TIMEOUT_MS: Final = 10_000

MASK_STYLE: Final = """
input:not([type=submit]):not([type=button]):not([type=reset]):not([type=checkbox]):not([type=radio]):not([type=image]):not([type=range]),
textarea, select, [contenteditable]:not([contenteditable=false]), [contenteditable]:not([contenteditable=false]) * {
  color: transparent !important; -webkit-text-fill-color: transparent !important; text-shadow: none !important; caret-color: transparent !important;
}
input[type=color]::-webkit-color-swatch { visibility: hidden !important; }
[contenteditable]:not([contenteditable=false]) img { visibility: hidden !important; }
::placeholder { color: GrayText !important; -webkit-text-fill-color: GrayText !important; }
"""
"""Hides what stands in fields; Playwright puts it into all frames and open and closed shadow roots while it takes the picture."""


async def take_screenshot(page: Page, boxes: Sequence[Box]) -> bytes:
    """Return a PNG of the whole page, up to a height, with the boxes outlined."""
    size = await page.evaluate("() => [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
    width, height = max(1, int(size[0])), max(1, int(size[1]))
    top = 0.0
    if boxes and height > MAX_HEIGHT:
        top = max(0.0, min(min(box.y for box in boxes) - MARGIN, height - MAX_HEIGHT))
    if boxes:
        rectangles = [{"x": box.x, "y": box.y, "width": box.width, "height": box.height} for box in boxes]
        await page.evaluate(script("outline"), rectangles)
    try:
        return await page.screenshot(
            full_page=True,
            clip={"x": 0, "y": top, "width": width, "height": min(height - top, MAX_HEIGHT)},
            style=MASK_STYLE,
            timeout=SCREENSHOT_TIMEOUT_MS,
        )
    finally:
        if boxes:
            await page.evaluate("() => document.getElementById('formscout-outline')?.remove()")

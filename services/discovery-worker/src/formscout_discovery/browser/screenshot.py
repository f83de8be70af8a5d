"""Takes pictures of a page with field values masked and forms outlined."""

from collections.abc import Sequence
from typing import Final

from playwright.async_api import Page

from formscout.domain.snapshots import Box, Snapshot
from formscout_discovery.browser.masking import takes_text
from formscout_discovery.browser.scripts import script

MAX_HEIGHT: Final = 4000
"""CSS pixels; of a longer page the part with the outlined form is shown."""

MARGIN: Final = 40
"""CSS pixels shown above an outlined form that starts further down."""

SCREENSHOT_TIMEOUT_MS: Final = 10_000

MASK_STYLE: Final = """
input:not([type=submit], [type=button], [type=reset], [type=checkbox], [type=radio], [type=image], [type=range]),
textarea, select, [contenteditable]:not([contenteditable=false]), [contenteditable]:not([contenteditable=false]) * {
  color: transparent !important; -webkit-text-fill-color: transparent !important;
  text-shadow: none !important; caret-color: transparent !important;
}
input[type=color]::-webkit-color-swatch { visibility: hidden !important; }
[contenteditable]:not([contenteditable=false]) img { visibility: hidden !important; }
::placeholder { color: GrayText !important; -webkit-text-fill-color: GrayText !important; }
"""
"""Hides what stands in fields; Playwright puts it into all frames and open shadow roots while it takes the picture."""


async def take_screenshot(page: Page, snapshot: Snapshot, outlined: Sequence[int]) -> bytes:
    """Return a PNG of the whole page, up to a height, with the boxes of the given nodes outlined."""
    boxes = [box for number in outlined if (box := snapshot.nodes[number].box) is not None]
    size = await page.evaluate("() => [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
    width, height = max(1, int(size[0])), max(1, int(size[1]))
    top = 0.0
    if boxes and height > MAX_HEIGHT:
        top = max(0.0, min(min(box.y for box in boxes) - MARGIN, height - MAX_HEIGHT))
    drawn = {"outlined": [_plain(box) for box in boxes], "covered": [_plain(box) for box in fields_in_closed_roots(snapshot)]}
    await page.evaluate(script("outline"), drawn)
    try:
        return await page.screenshot(
            full_page=True,
            clip={"x": 0, "y": top, "width": width, "height": min(height - top, MAX_HEIGHT)},
            style=MASK_STYLE,
            timeout=SCREENSHOT_TIMEOUT_MS,
        )
    finally:
        await page.evaluate("() => document.getElementById('formscout-outline')?.remove()")


def fields_in_closed_roots(snapshot: Snapshot) -> list[Box]:
    """Return the boxes of fields that no style sheet of ours reaches, so that they are covered instead."""
    closed: set[int] = set()
    boxes = []
    for node in snapshot.nodes:
        if node.shadow == "closed" or node.parent in closed:
            closed.add(node.id)
            if node.box is not None and (node.tag == "select" or takes_text(node.tag, node.attributes)):
                boxes.append(node.box)
    return boxes


def _plain(box: Box) -> dict[str, float]:
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}

"""Waits until a page has come to rest: network and DOM quiet, animations over, and something to press drawn."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from formscout_discovery.browser.scripts import script
from formscout_discovery.browser.traffic import Traffic

QUIET_S: Final = 0.2
"""So long nothing may happen in network and DOM; debounced handlers and chained requests start within it."""

CAP_S: Final = 8.0
"""A page that moves for longer is read as it is."""

NO_CONTROL_CAP_S: Final = 3.0
"""A scripted page that shows nothing is given so long to draw something: no control yet is not no form."""

NO_CONTROL_WITH_TEXT_CAP_S: Final = 1.0
"""The same for one that shows words and no control: most often there is none to come."""

HUNG_AFTER_S: Final = 5.0
"""A page that does not run our script within its cap and this is stuck in a script of its own."""

BUSY_QUIET_S: Final = 3.0
"""A page that says it loads is believed for so long after the last request: some spinners turn for ever."""

DOM_CAP_S: Final = 2.0
"""One look at the DOM lasts no longer, so that a navigation in between is noticed."""

RETRY_S: Final = 0.05
"""Pause after a document went away under our script."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """How a page came to rest."""

    settled: bool  # False: read as it was when the cap came
    hung: bool = False  # the page runs no script of ours: nothing can be read
    nodes: int = 0
    content_type: str = ""


async def settle(page: Page, traffic: Traffic) -> Rest:
    """Wait for rest, for `CAP_S` at most; a page that is stuck in its own script is told by `hung`."""
    began = time.monotonic()
    seen: dict[str, Any] | None = None  # what the script returns, JSON: hence Any
    while (left := CAP_S - (time.monotonic() - began)) > 0:
        try:
            look = min(left, DOM_CAP_S) if traffic.rules.scripts else 0
            seen = await asyncio.wait_for(_look(page, look), look + HUNG_AFTER_S)
        except TimeoutError:
            return Rest(settled=False, hung=True)
        except PlaywrightError:
            if page.is_closed():
                return Rest(settled=False, hung=True)
            await asyncio.sleep(RETRY_S)  # the document was replaced: look at the new one
            continue
        quiet = traffic.quiet_for()
        drawing = traffic.rules.scripts and _still_drawing(seen, waited=time.monotonic() - began, quiet=quiet)
        if seen["resting"] and quiet >= QUIET_S and not drawing:
            return Rest(settled=True, nodes=seen["nodes"], content_type=seen["type"])
        if seen["resting"] or not look:
            await asyncio.sleep(max(RETRY_S, QUIET_S - quiet))
    if seen is None:
        return Rest(settled=False)
    return Rest(settled=False, nodes=seen["nodes"], content_type=seen["type"])


async def _look(page: Page, cap: float) -> dict[str, Any]:
    result: dict[str, Any] = await page.evaluate(script("settle"), {"quiet": QUIET_S * 1000, "cap": cap * 1000})
    return result


def _still_drawing(seen: dict[str, Any], *, waited: float, quiet: float) -> bool:
    """Tell whether a resting page most likely goes on: it shows that it loads, or scripts have drawn nothing to press yet."""
    empty = seen["scripted"] and seen["controls"] == 0 and not seen["frames"] and not seen["shadow"]
    return (bool(seen["busy"]) and quiet < BUSY_QUIET_S) or (
        bool(empty) and waited < (NO_CONTROL_WITH_TEXT_CAP_S if seen["text"] else NO_CONTROL_CAP_S)
    )

"""Opens each tab in a window of its own, and closes the windows that pages open by themselves."""

import asyncio
import contextlib
from typing import Final

from playwright.async_api import BrowserContext, CDPSession, Page
from playwright.async_api import Error as PlaywrightError

from formscout_discovery.browser.tab import CLOSE_TIMEOUT_S, EMPTY_PAGE

OPEN_TIMEOUT_S: Final = 30.0
"""For a window that the browser has made to be told of, on a busy machine."""


class Windows:
    """The windows of one signed-in state.

    Chromium draws a tab that lies behind another one once a second, and whatever waits for a frame (a click, an application's
    own script) then waits as long. A window hides no other one.
    """

    def __init__(self, context: BrowserContext, browser: CDPSession) -> None:
        self._context = context
        self._browser = browser
        self._context_id: str | None = None  # the browser's name for the context; known once it has a page
        self._opening = asyncio.Lock()
        self._appeared: asyncio.Queue[Page] = asyncio.Queue()
        self._closing: set[asyncio.Task[None]] = set()
        context.on("page", self._on_page)

    async def open(self) -> Page:
        """Return an empty page in a new window. Raises what Playwright raises when the browser is gone, `TimeoutError` when it hangs."""
        async with self._opening:
            try:
                return await (self._first() if self._context_id is None else self._further())
            finally:
                while not self._appeared.empty():
                    self._close_soon(self._appeared.get_nowait())

    async def _first(self) -> Page:
        page = await self._context.new_page()
        await asyncio.wait_for(self._appeared.get(), OPEN_TIMEOUT_S)  # the page itself: there is none yet that opens others
        self._context_id = (await self._target_of(page))["browserContextId"]
        return page

    async def _further(self) -> Page:
        asked = {"url": EMPTY_PAGE, "browserContextId": self._context_id, "newWindow": True}
        wanted = (await self._browser.send("Target.createTarget", asked))["targetId"]
        while True:
            page = await asyncio.wait_for(self._appeared.get(), OPEN_TIMEOUT_S)
            with contextlib.suppress(PlaywrightError):  # a popup may be gone before it can be asked
                if (await self._target_of(page))["targetId"] == wanted:
                    return page
            self._close_soon(page)

    async def _target_of(self, page: Page) -> dict[str, str]:
        session = await self._context.new_cdp_session(page)
        try:
            told: dict[str, dict[str, str]] = await session.send("Target.getTargetInfo")
        finally:
            await session.detach()
        return told["targetInfo"]

    def _on_page(self, page: Page) -> None:
        """Close a popup; its address was noted when the window was asked for, and its first request never left."""
        if self._opening.locked():
            self._appeared.put_nowait(page)
        else:
            self._close_soon(page)

    def _close_soon(self, page: Page) -> None:
        task = asyncio.ensure_future(close(page))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def close(page: Page) -> None:
    """Close a page, however stuck it is."""
    with contextlib.suppress(PlaywrightError, TimeoutError):
        await asyncio.wait_for(page.close(run_before_unload=False), CLOSE_TIMEOUT_S)

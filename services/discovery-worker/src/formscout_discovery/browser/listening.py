"""Listens to what one tab's page does, and writes it into the tab's traffic."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final

from playwright.async_api import CDPSession, Dialog, Page, WebSocketRoute
from playwright.async_api import Error as PlaywrightError

from formscout.domain.pages import VisitOutcome
from formscout.domain.urls import without_query
from formscout_discovery.browser.documents import MAX_DOCUMENT_BYTES, TOO_LARGE_SENTENCE
from formscout_discovery.browser.traffic import MAX_DEGRADED, Traffic
from formscout_discovery.gate.process import GateLostError
from formscout_discovery.policy.requests import Cause, Judgement, Ruling, judge_frame_without_cause

BUFFERED_BYTES: Final = 1024 * 1024
"""What Chromium may keep of response bodies for us; we never ask for one."""

MAX_OPEN_REQUESTS: Final = 5000
"""Requests whose end was not heard of; the record of them starts anew beyond this."""

DEGRADING: Final = frozenset({"Stylesheet", "Script"})
"""Resources without which a page is not what its authors meant."""

HELD_FRAME: Final = Judgement(ruling=Ruling.HOLD_BACK, reason="a WebSocket frame after an action of ours")
PASSED_FRAME: Final = Judgement(ruling=Ruling.LET_THROUGH, reason="a WebSocket frame sent by the page itself when opened")


class Listening:
    """The handlers of one tab's events."""

    def __init__(self, page: Page, session: CDPSession, traffic: Traffic, *, frame_came: Callable[[], None]) -> None:
        self._page = page
        self._session = session
        self._traffic = traffic
        self._frame_came = frame_came
        self._types: dict[str, tuple[str, str]] = {}  # open requests: resource type and address
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen; must be done before the page goes anywhere."""
        on = self._session.on
        on("Page.frameAttached", self._on_frame_attached)
        on("Page.frameDetached", self._on_frame_detached)
        on("Page.frameNavigated", self._on_frame_navigated)
        on("Page.navigatedWithinDocument", self._on_navigated_within)
        on("Page.windowOpen", self._on_window_open)
        on("Network.requestWillBeSent", self._on_request)
        on("Network.responseReceived", self._on_response)
        on("Network.dataReceived", self._on_data)
        on("Network.loadingFinished", self._on_finished)
        on("Network.loadingFailed", self._on_failed)
        self._page.on("dialog", self._on_dialog)
        self._page.on("crash", self._on_crash)
        await self._page.route_web_socket(lambda _url: True, self._on_web_socket)
        await self._session.send("Page.enable")
        await self._session.send("Network.enable", {"maxTotalBufferSize": BUFFERED_BYTES, "maxResourceBufferSize": BUFFERED_BYTES})

    # The protocol's messages are untyped JSON: hence Any.
    def _on_frame_attached(self, event: dict[str, Any]) -> None:
        self._traffic.frames.add(event["frameId"])
        self._frame_came()

    def _on_frame_detached(self, event: dict[str, Any]) -> None:
        if event.get("reason") == "remove":
            self._traffic.frames.discard(event["frameId"])

    def _on_frame_navigated(self, event: dict[str, Any]) -> None:
        frame = event["frame"]
        if frame["id"] == self._traffic.main_frame:
            # What hung below the document before is gone; a beacon that it still sends is judged as nobody's, strictly.
            self._traffic.frames = {self._traffic.main_frame}
            self._traffic.show(frame["url"] + frame.get("urlFragment", ""))

    def _on_navigated_within(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self._traffic.main_frame:
            self._traffic.show(event["url"])

    def _on_window_open(self, event: dict[str, Any]) -> None:
        self._traffic.show(event["url"])

    def _on_request(self, event: dict[str, Any]) -> None:
        kind = event.get("type", "")
        if len(self._types) > MAX_OPEN_REQUESTS:
            self._types.clear()
        self._types[event["requestId"]] = (kind, event["request"]["url"])
        self._traffic.request_began(event["requestId"], kind, event["request"]["url"])

    def _on_response(self, event: dict[str, Any]) -> None:
        kind = event.get("type", "")
        if kind in DEGRADING and event["response"]["status"] >= 400:  # noqa: PLR2004 (the first status that is an error)
            self._degrade(event["response"]["url"])

    def _on_data(self, event: dict[str, Any]) -> None:
        document = self._traffic.document
        if document is None or event["requestId"] != document.request_id:
            return
        document.received += event["dataLength"]
        if document.received > MAX_DOCUMENT_BYTES:
            self._traffic.end(VisitOutcome.TOO_LARGE, TOO_LARGE_SENTENCE)

    def _on_finished(self, event: dict[str, Any]) -> None:
        self._types.pop(event["requestId"], None)
        self._traffic.request_ended(event["requestId"])

    def _on_failed(self, event: dict[str, Any]) -> None:
        kind, address = self._types.pop(event["requestId"], ("", ""))
        self._traffic.request_ended(event["requestId"])
        if kind in DEGRADING and not event.get("canceled"):
            self._degrade(address)

    def _degrade(self, address: str) -> None:
        shown = without_query(address) if address.startswith("http") else ""
        if shown and shown not in self._traffic.degraded and len(self._traffic.degraded) < MAX_DEGRADED:
            self._traffic.degraded.append(shown)

    def _on_dialog(self, dialog: Dialog) -> None:
        task = asyncio.ensure_future(self._answer(dialog))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _answer(self, dialog: Dialog) -> None:
        """Accept to leave a page, dismiss the rest."""
        try:
            if dialog.type == "beforeunload":
                await dialog.accept()
                return
            self._traffic.dialog()
            await dialog.dismiss()
        except PlaywrightError:
            return  # the page went away, and its dialog with it

    def _on_crash(self, _page: Page) -> None:
        self._traffic.end(VisitOutcome.CRASHED, "The tab's renderer died.")

    def _on_web_socket(self, socket: WebSocketRoute) -> None:
        """Connect the page's socket, but hold what it sends once an act of ours may be the reason, unless it says that it only reads."""
        server = socket.connect_to_server()
        turn = asyncio.Lock()  # first come, first served: messages keep their order

        async def permit_and_send(message: str | bytes) -> None:
            async with turn:
                with contextlib.suppress(PlaywrightError, GateLostError):  # the page went away, or nothing can be sent any more
                    await self._traffic.lane.permit("WEBSOCKET", socket.url, _as_sent(message))
                    server.send(message)

        def send(message: str | bytes) -> None:
            judgement = PASSED_FRAME
            if self._traffic.act.cause not in (Cause.OPENING, Cause.SIGNING_IN):
                judgement = judge_frame_without_cause(socket.url, _as_sent(message), self._traffic.rules.judging)
            held = judgement.ruling is Ruling.HOLD_BACK
            self._traffic.judged(HELD_FRAME if held else judgement, "WEBSOCKET", socket.url)
            if not held:
                task = asyncio.ensure_future(permit_and_send(message))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

        socket.on_message(send)


def _as_sent(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message

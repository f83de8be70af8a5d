"""Every request of one Chromium, held until the address guard and the request judge have spoken.

It listens on the browser's own DevTools session, not on the tabs': so it also hears the first request of a popup, those
of frames, workers and shared workers, of `sendBeacon`, and of every redirect, and the HTTP cache stays on. It knows which act
of ours a request answers to, and tells the gate what may pass for its cause's sake; the gate holds back whatever it has no such
word of, and so all that is not heard here: frames that workers send over a WebSocket, requests that the browser makes on its own
behalf.
"""

import asyncio
import base64
from collections.abc import Coroutine, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

from formscout.domain.pages import VisitOutcome
from formscout.domain.urls import without_query
from formscout_discovery.browser.documents import refusal_of_response
from formscout_discovery.browser.failures import doom_of_trouble
from formscout_discovery.browser.traffic import DocumentFacts, Traffic
from formscout_discovery.gate.answers import TOLD_BY
from formscout_discovery.gate.messages import Judged
from formscout_discovery.gate.process import Gate, GateLostError
from formscout_discovery.policy.read_protocols import MAX_JUDGED_BODY_BYTES
from formscout_discovery.policy.requests import SAFE_METHODS, Cause, Judgement, RequestFacts, Ruling, judge, judge_without_cause

FRAME_KNOWN_WITHIN_S: Final = 0.25
"""A new frame's first request may be heard before the frame itself; it is waited for this long."""

NETWORK_SCHEMES: Final = frozenset({"http", "https"})

_OUT_OF_SCOPE: Final = "leads off the application"

_log = structlog.get_logger(__name__)


class Interception:
    """Judges the requests of all tabs of one browser."""

    def __init__(self, session: CDPSession, gate: Gate, *, offline: bool) -> None:
        self.session = session  # the whole browser's
        self._gate = gate
        self._offline = offline
        self._tabs: list[Traffic] = []
        self._frame_came = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._restoring = 0  # states that are being restored; Playwright opens pages of its own for it and answers them itself

    async def start(self) -> None:
        """Begin to hold every request."""
        self.session.on("Fetch.requestPaused", self._on_paused)
        patterns = [{"urlPattern": "*"}, {"urlPattern": "*", "resourceType": "Document", "requestStage": "Response"}]
        await self.session.send("Fetch.enable", {"patterns": patterns})

    async def answers(self, seconds: float) -> bool:
        """Tell whether the browser says its version within so many seconds; one whose gate is gone is as good as gone."""
        if self._gate.is_lost:
            return False
        try:
            await asyncio.wait_for(self.session.send("Browser.getVersion"), seconds)
        except (PlaywrightError, TimeoutError):
            return False
        return True

    def add(self, traffic: Traffic) -> None:
        """Judge the requests of one more tab."""
        self._tabs.append(traffic)

    def remove(self, traffic: Traffic) -> None:
        """Forget a tab; what it still sends is judged as nobody's."""
        self._tabs = [each for each in self._tabs if each is not traffic]

    def gate_told(self, told: Judged) -> None:
        """List what the gate held back by itself with the tab whose act is the likeliest cause, as for what is nobody's."""
        tabs = [traffic for traffic in self._tabs if traffic.lane.port == told.lane]
        if tabs:
            max(tabs, key=lambda tab: tab.began).gate_told(told)
        else:
            _log.info("The gate held back what came from no open tab", method=told.method, address=told.url, count=told.count)

    def frame_came(self) -> None:
        """Tell that a tab learned of a frame."""
        self._frame_came.set()
        self._frame_came = asyncio.Event()

    def restoring(self, change: int) -> None:
        """Count states being restored up or down."""
        self._restoring += change

    # The DevTools protocol's messages are untyped JSON: hence Any.
    def _on_paused(self, event: dict[str, Any]) -> None:
        task = asyncio.ensure_future(self._guarded(self._decide(event)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except PlaywrightError:
            return  # the request is gone: its tab was closed, or its page went elsewhere
        except GateLostError:
            return  # nothing can be sent any more; whoever waits for the page learns of it by the browser

    async def _decide(self, event: dict[str, Any]) -> None:
        if "responseStatusCode" in event or "responseErrorReason" in event:
            await self._decide_response(event)
            return
        request = event["request"]
        url: str = request["url"]
        scheme = urlsplit(url).scheme
        if scheme not in NETWORK_SCHEMES:
            await self._let_go(event)
            return
        if self._offline:
            await self._fail(event, "InternetDisconnected")
            return
        traffic = await self._tab_of(event["frameId"])
        if traffic is None:
            await self._decide_nobodys(event)
            return
        verdict = await traffic.guard.judge(urlsplit(url).hostname or "")
        top = event["resourceType"] == "Document" and event["frameId"] == traffic.main_frame
        if not verdict.allowed:
            if top:
                traffic.refuse(VisitOutcome.ADDRESS_REFUSED, f"The outbound guard refuses it: {verdict.reason}.")
            traffic.judged(_held("refused by the outbound guard"), request["method"], url)
            await self._fail(event, "Aborted" if top else "AddressUnreachable")
            return
        if top and not await self._may_go(event, traffic, url):
            return
        await self._judge(event, traffic, top=top)

    async def _may_go(self, event: dict[str, Any], traffic: Traffic, url: str) -> bool:
        """Stop the top frame from leaving the application, before anything is sent; note where it wanted to go."""
        traffic.show(url)
        if traffic.act.cause is Cause.SIGNING_IN or traffic.rules.scope(url):
            return True
        traffic.refuse(VisitOutcome.LEFT_SCOPE, f"It {_OUT_OF_SCOPE}, to {without_query(url)}.")
        await self._fail(event, "Aborted")
        return False

    async def _judge(self, event: dict[str, Any], traffic: Traffic, *, top: bool) -> None:
        request = event["request"]
        facts = _facts(event, traffic)
        judgement = judge(facts, traffic.rules.judging)
        traffic.judged(judgement, request["method"], request["url"])
        if judgement.ruling is Ruling.HOLD_BACK:
            await self._hold_back(event, top=event["resourceType"] == "Document")
            return
        if top:
            traffic.document = DocumentFacts(request_id=event.get("networkId", ""), url=request["url"])
        await _permit(facts, traffic, request)
        await self._let_go(event)

    async def _decide_nobodys(self, event: dict[str, Any]) -> None:
        """Judge a request of no tab of ours: a popup never loads, a worker's is judged as if we had pressed something."""
        request = event["request"]
        if self._restoring:
            await self._let_go(event)
            return
        if not self._tabs:
            await self._fail(event, "Aborted")
            return
        traffic = max(self._tabs, key=lambda tab: tab.began)  # the latest act is the likeliest cause
        if event["resourceType"] == "Document":
            if request["method"] not in SAFE_METHODS:
                traffic.judged(_held("sent by opening a new window"), request["method"], request["url"])
            await self._fail(event, "Aborted")
            return
        verdict = await traffic.guard.judge(urlsplit(request["url"]).hostname or "")
        facts = RequestFacts(
            method=request["method"],
            url=request["url"],
            cause=Cause.PRESSING,
            body=_body(request),
            content_type=_header(request["headers"], "content-type"),
        )
        judgement = judge(facts, traffic.rules.judging) if verdict.allowed else _held("refused by the outbound guard")
        traffic.judged(judgement, request["method"], request["url"])
        if judgement.ruling is Ruling.HOLD_BACK:
            await self._hold_back(event, top=False)
        else:
            await _permit(facts, traffic, request)
            await self._let_go(event)

    async def _decide_response(self, event: dict[str, Any]) -> None:
        """Look at the head of a document: what is no page is not loaded in a tab, and what is the gate's own word in no frame."""
        traffic = self._known_tab(event["frameId"])
        status: int | None = event.get("responseStatusCode")
        headers = {header["name"].lower(): header["value"] for header in event.get("responseHeaders", ())}
        trouble = doom_of_trouble(headers.get(TOLD_BY.lower(), ""))
        if traffic is None or event["frameId"] != traffic.main_frame or traffic.document is None:
            await (self._let_go(event) if trouble is None else self._fail(event, "Aborted"))
            return
        if trouble is not None:
            traffic.refuse(trouble.outcome, trouble.sentence)
            await self._fail(event, "Aborted")
            return
        traffic.document.status = status
        traffic.document.content_type = headers.get("content-type", "")
        traffic.document.retry_after = headers.get("retry-after", "")
        refusal = None if status is None else refusal_of_response(status, headers)
        if refusal is None:
            await self._let_go(event)
            return
        traffic.refuse(refusal.outcome, refusal.sentence)
        await self._fail(event, "Aborted")

    def _known_tab(self, frame: str) -> Traffic | None:
        return next((traffic for traffic in self._tabs if frame in traffic.frames), None)

    async def _tab_of(self, frame: str) -> Traffic | None:
        """Return the tab that a frame belongs to; a frame not yet heard of is waited for a moment."""
        loop = asyncio.get_running_loop()
        until = loop.time() + FRAME_KNOWN_WITHIN_S
        while True:
            traffic = self._known_tab(frame)
            left = until - loop.time()
            if traffic is not None or left <= 0:
                return traffic
            try:
                await asyncio.wait_for(self._frame_came.wait(), left)
            except TimeoutError:
                return self._known_tab(frame)

    async def _let_go(self, event: dict[str, Any]) -> None:
        await self.session.send("Fetch.continueRequest", {"requestId": event["requestId"]})

    async def _fail(self, event: dict[str, Any], reason: str) -> None:
        await self.session.send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": reason})

    async def _hold_back(self, event: dict[str, Any], *, top: bool) -> None:
        """Answer in the server's place: 403 to scripts, and to a navigation 204, which leaves the page as it stands."""
        origin = _header(event["request"]["headers"], "origin") or "*"
        headers = [
            {"name": "Access-Control-Allow-Origin", "value": origin},
            {"name": "Access-Control-Allow-Credentials", "value": "true"},
            {"name": "Access-Control-Allow-Methods", "value": "*"},
            {"name": "Access-Control-Allow-Headers", "value": "*"},
            {"name": "Content-Type", "value": "application/json"},
        ]
        answer = {"requestId": event["requestId"], "responseCode": 204 if top else 403, "responseHeaders": headers}
        if not top:
            answer["body"] = base64.b64encode(b'{"error":"held back: only reading is allowed here"}').decode()
        await self.session.send("Fetch.fulfillRequest", answer)


def _held(reason: str) -> Judgement:
    return Judgement(ruling=Ruling.HOLD_BACK, reason=reason)


def _facts(event: dict[str, Any], traffic: Traffic) -> RequestFacts:
    request = event["request"]
    return RequestFacts(
        method=request["method"].upper(),
        url=request["url"],
        resource_type=event["resourceType"].lower(),
        cause=traffic.act.cause,
        control_label=traffic.act.label,
        control_role=traffic.act.role,
        body=_body(request),
        content_type=_header(request["headers"], "content-type"),
    )


async def _permit(facts: RequestFacts, traffic: Traffic, request: Mapping[str, Any]) -> None:
    """Give the gate the word for a request that passes by its cause alone; raises `GateLostError`."""
    if judge_without_cause(facts, traffic.rules.judging).ruling is Ruling.HOLD_BACK:
        await traffic.lane.permit(facts.method, facts.url, _whole_body(request))


def _whole_body(request: Mapping[str, Any]) -> bytes | None:
    """Return all that will be sent, None if it is not all shown (files are not) or is more than the gate looks at."""
    if not request.get("hasPostData"):
        return b""
    entries = request.get("postDataEntries") or ()
    if not entries or not all("bytes" in entry for entry in entries):
        return None
    body = b"".join(base64.b64decode(entry["bytes"]) for entry in entries)
    return body if len(body) <= MAX_JUDGED_BODY_BYTES else None


def _body(request: Mapping[str, Any]) -> bytes | None:
    """Return the body that the request carries, None if it has none or too much of one to be shown."""
    entries = request.get("postDataEntries")
    if entries:
        return b"".join(base64.b64decode(entry.get("bytes", "")) for entry in entries)
    text = request.get("postData")
    return text.encode() if isinstance(text, str) else None


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")

"""The request judge: says which requests of a page may be sent, so that nothing in the application is changed.

Pure rules over what is known of one request. Words in the address of a page that we open by ourselves never judge here:
such addresses were judged before they were opened (`policy.hazards.hazard_of_address`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from formscout.domain.crawls import CrawlMode
from formscout.domain.networks import Environment
from formscout_discovery.policy.hazards import Hazard, hazard_of_address, hazard_of_control, is_assent
from formscout_discovery.policy.read_protocols import reads_only


class Cause(StrEnum):
    """What a request of the page answers to: the judge is stricter with what we caused."""

    OPENING = "opening"  # the page was merely opened
    PRESSING = "pressing"  # we pressed a control
    SIGNING_IN = "signing_in"  # we sent the sign-in form
    PROBING = "probing"  # we gave a field a value


class Ruling(StrEnum):
    """What the judge says of a request."""

    PASS = "pass"  # noqa: S105 (a ruling) a plain read, not worth listing
    LET_THROUGH = "let_through"  # sent, and listed
    HOLD_BACK = "hold_back"  # answered 403 in the browser, never sent, and listed


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What is known of one request when it is judged."""

    method: str  # upper case
    url: str
    resource_type: str = ""  # of the DevTools protocol, lower case: document, xhr, fetch, ping, script, image …
    cause: Cause = Cause.OPENING
    control_label: str | None = None  # accessible name of the control that was pressed, None when no control was
    control_role: str | None = None
    body: bytes | None = None  # None: no body, or one that cannot be read
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSettings:
    """What the network and the session allow."""

    environment: Environment = Environment.TEST
    mode: CrawlMode = CrawlMode.OBSERVE
    allow_requests: Sequence[str] = ()  # URL prefixes whose requests pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A ruling and why; the reason is one fixed phrase a rule, fit for counting."""

    ruling: Ruling
    reason: str = ""


SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""RFC 9110 §9.2.1."""

READING_METHODS: Final = frozenset({"PROPFIND", "REPORT", "SEARCH", "QUERY"})
"""Safe methods of WebDAV (RFC 4918, 3253, 5323) and the QUERY method."""

BEACON_TYPES: Final = frozenset({"ping", "cspviolationreport"})
"""Resource types of which the page never sees the answer, so that nothing is ever read by them."""

PASSED: Final = Judgement(ruling=Ruling.PASS)


def judge(facts: RequestFacts, settings: JudgeSettings) -> Judgement:
    """Rule on one request."""
    if facts.method in SAFE_METHODS:
        return _judge_safe(facts, settings)
    if facts.resource_type in BEACON_TYPES and not _is_allowed(facts, settings):
        return _hold("a beacon, which nothing comes back from")
    why = _harmless(facts, settings)
    if why is not None:
        return _let(why)
    production = settings.environment is Environment.PRODUCTION
    if facts.cause is Cause.OPENING:
        return _hold("sent by the page itself when opened, in production") if production else _let("sent by the page itself when opened")
    if settings.mode is CrawlMode.SUBMIT and not production and not _is_hazard(facts):
        return _let("submit mode")
    return _hold("may change the application")


def judge_without_cause(facts: RequestFacts, settings: JudgeSettings) -> Judgement:
    """Rule on a request of which nobody knows what it answers to: a read passes, and what says of itself that it only reads."""
    if facts.method in SAFE_METHODS:
        return PASSED
    why = _harmless(replace(facts, cause=Cause.PRESSING), settings)
    return _hold("may change the application, and no tab knows of it") if why is None else _let(why)


def judge_frame_without_cause(url: str, message: bytes, settings: JudgeSettings) -> Judgement:
    """Rule on what is sent over a WebSocket when nobody knows what it answers to; `url` is the socket's own."""
    # The network's list names addresses as people know them: http and https.
    spelled = url.replace("ws", "http", 1) if url.startswith(("ws:", "wss:")) else url
    if _is_allowed(RequestFacts(method="WEBSOCKET", url=spelled), settings):
        return _let("allowed by the network")
    why = reads_only(message, "")
    return _hold("a WebSocket frame that no tab knows of") if why is None else _let(why)


def _harmless(facts: RequestFacts, settings: JudgeSettings) -> str | None:
    """Say why a request may be sent although its method is none that only reads, or None."""
    if _is_allowed(facts, settings):
        return "allowed by the network"
    if facts.cause is Cause.SIGNING_IN:
        return "part of signing in"
    if facts.method in READING_METHODS:
        return "a method that only reads"
    return reads_only(facts.body, facts.content_type)


def _is_allowed(facts: RequestFacts, settings: JudgeSettings) -> bool:
    """Tell whether the network's list names the address."""
    return any(facts.url.startswith(prefix) for prefix in settings.allow_requests)


def _judge_safe(facts: RequestFacts, settings: JudgeSettings) -> Judgement:
    """Rule on a GET: it passes unless a control of ours caused it and both of them look like an action."""
    if facts.cause in (Cause.OPENING, Cause.SIGNING_IN) or _is_allowed(facts, settings):
        return PASSED
    action = _looks_like_action(facts)
    return PASSED if action is None else _hold(f"looks like an action: {action.value.replace('_', ' ')}")


def _looks_like_action(facts: RequestFacts) -> Hazard | None:
    """Tell which action control and request together look like."""
    by_address = hazard_of_address(facts.url)
    if by_address is None:
        return None
    if by_address is Hazard.SIGN_OUT:
        return by_address  # never needed to find a form, and every form is lost with the session
    label = (facts.control_label or "").strip()
    if not label or is_assent(label) or hazard_of_control(label, facts.control_role) is not None:
        return by_address
    return None


def _is_hazard(facts: RequestFacts) -> bool:
    """Tell whether control or request alone names a hazard; sending is none here, being what submit mode is for."""
    named = {hazard_of_address(facts.url), hazard_of_control(facts.control_label or "", facts.control_role)}
    return bool(named - {None, Hazard.SEND})


def _let(reason: str) -> Judgement:
    return Judgement(ruling=Ruling.LET_THROUGH, reason=reason)


def _hold(reason: str) -> Judgement:
    return Judgement(ruling=Ruling.HOLD_BACK, reason=reason)

"""Webhooks: where a company wants to be told what happened, and the deliveries that tell it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from formscout.domain.ids import CompanyId, DeliveryId, WebhookId

DAY_SECONDS: Final = 24 * 3600

RETRY_DELAYS: Final = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, DAY_SECONDS)
"""Seconds before each attempt, from the attempt before it: the schedule of the Standard Webhooks specification, three days long."""

JITTER: Final = 0.2
"""Up to this much longer than the schedule says, so that what failed together does not come back together."""

LONGEST_WAIT_SECONDS: Final = DAY_SECONDS
"""What a receiver may ask for with `Retry-After`; more than that is no delay but a refusal."""

FAILING_FOR: Final = timedelta(days=5)
"""An endpoint that took nothing for so long is disabled when the next delivery is given up: longer than one delivery is tried."""

OVERLAP_HOURS: Final = 24
"""How long an old secret signs beside the new one, unless the rotation says otherwise."""

ENDPOINTS_OF_A_COMPANY: Final = 20
"""At most; each costs a delivery an event."""

HISTORY_LENGTH: Final = 20
"""Attempts kept of a delivery, the latest: two full schedules."""


class EventType(StrEnum):
    """What a webhook tells; the type names the form of its `data`."""

    SESSION_SUCCEEDED = "session.succeeded"  # a crawl session ended with its result
    SESSION_FAILED = "session.failed"  # it could not go on
    SESSION_CANCELLED = "session.cancelled"  # it was ended by request
    BUDGET_THRESHOLD = "budget.threshold"  # a subscription's month has reached 50, 80 or 100 % of its limit
    BUDGET_OVERRUN = "budget.overrun"  # calls cost more than was held for them
    MODEL_KEY_REFUSED = "model_key.refused"  # the model's service refuses the company's own key
    WEBHOOK_DISABLED = "webhook.disabled"  # another endpoint of the company was switched off
    WEBHOOK_TEST = "webhook.test"  # asked for by hand, whatever the endpoint's types


SUBSCRIBABLE: Final = tuple(one for one in EventType if one is not EventType.WEBHOOK_TEST)


class DisabledBecause(StrEnum):
    """Why an endpoint is told nothing more."""

    OWNER = "owner"  # somebody of the company switched it off
    GONE = "gone"  # it answered 410
    FAILING = "failing"  # nothing got through for days


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"  # to be sent once `next_at` has come
    SENDING = "sending"  # claimed by a sender; the lease says for how long
    DELIVERED = "delivered"  # the receiver answered 2xx
    FAILED = "failed"  # given up; it can be sent again by hand

    @property
    def is_final(self) -> bool:
        """Whether nothing will happen by itself any more."""
        return self in (DeliveryState.DELIVERED, DeliveryState.FAILED)


class AttemptError(StrEnum):
    """Why an attempt did not deliver; stable codes."""

    ADDRESS_REFUSED = "address_refused"  # the guard refuses where the name leads
    ADDRESS_UNRESOLVED = "address_unresolved"  # the name does not resolve
    CONNECTION_FAILED = "connection_failed"  # nobody listens, or TLS was not agreed on
    NO_ANSWER = "no_answer"  # it broke off before an answer, or what came is no HTTP
    TIMED_OUT = "timed_out"
    REDIRECTED = "redirected"  # 3xx: never followed, a signature is for one receiver
    STATUS = "status"  # any other answer that is no 2xx
    GONE = "gone"  # 410: the endpoint is disabled
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 (a code) the sender lacks the key that sealed the secret
    SENDER_LOST = "sender_lost"  # the sender died in mid-attempt: it may have been delivered
    ENDPOINT_DISABLED = "endpoint_disabled"  # not tried: the endpoint was switched off


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where a company wants to be told; the secrets lie apart from it, sealed."""

    id: WebhookId
    company_id: CompanyId
    address: str
    description: str
    event_types: tuple[EventType, ...]
    created_at: datetime
    disabled_at: datetime | None
    disabled_because: DisabledBecause | None
    failing_since: datetime | None  # the first failure since something got through


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to deliver, as the sender saw it; `error` None means that it was delivered."""

    at: datetime
    seconds: float
    status: int | None = None
    error: AttemptError | None = None
    message: str = ""  # for people
    excerpt: str = ""  # the beginning of the answer's body, cleaned
    retry_after: float | None = None  # seconds that the receiver asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """One event on its way to one endpoint; the event's id is the same at every endpoint and in every attempt."""

    id: DeliveryId
    endpoint_id: WebhookId
    event_id: str
    event_type: EventType
    payload: str  # the very text that is signed and sent
    state: DeliveryState
    attempts: int  # begun since it was written or sent again by hand
    next_at: datetime
    lease_until: datetime | None
    holder: str | None
    fence: int  # grows with each claim; a write with an older one is refused
    last_status: int | None
    error_code: AttemptError | None
    error: str | None
    history: tuple[Attempt, ...]
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryClaim:
    """A delivery in hand, with the endpoint as it stood then."""

    delivery: WebhookDelivery
    endpoint: WebhookEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows from an attempt."""

    state: DeliveryState
    delay: float = 0.0  # seconds until the next attempt, when it waits
    disable: DisabledBecause | None = None


def judge_attempt(attempt: Attempt, *, attempts: int, failing_since: datetime | None, dice: float) -> Verdict:
    """Decide what follows from an attempt, the `attempts`-th; `dice` in [0, 1) spreads the delay."""
    if attempt.error is None:
        return Verdict(state=DeliveryState.DELIVERED)
    if attempt.error is AttemptError.GONE:
        return Verdict(state=DeliveryState.FAILED, disable=DisabledBecause.GONE)
    if attempts < len(RETRY_DELAYS):
        if attempt.error is AttemptError.SENDER_LOST:
            return Verdict(state=DeliveryState.WAITING)  # no reason for the receiver to wait
        asked = min(attempt.retry_after or 0.0, LONGEST_WAIT_SECONDS)
        delay = max(RETRY_DELAYS[attempts] * (1 + JITTER * dice), asked)
        return Verdict(state=DeliveryState.WAITING, delay=delay)
    is_dead = failing_since is not None and attempt.at - failing_since >= FAILING_FOR
    return Verdict(state=DeliveryState.FAILED, disable=DisabledBecause.FAILING if is_dead else None)

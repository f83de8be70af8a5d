"""Bodies of webhooks and their deliveries."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints

from formscout.domain.webhooks import OVERLAP_HOURS, SUBSCRIBABLE, AttemptError, DeliveryState, DisabledBecause, EventType, WebhookDelivery
from formscout.usecases.webhooks import WebhookChanges
from formscout_api.schemas.shapes import Body, Id, View

LONGEST_OVERLAP_HOURS = 7 * 24
"""A secret that is told to be replaced must not stay good for ever."""

ReceiverAddress = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=2000),
    Field(examples=["https://hooks.example.com/formscout"]),
]
Description = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
EventTypes = Annotated[tuple[EventType, ...], Field(min_length=1, max_length=20)]


class WebhookIn(Body):
    """A webhook to make."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"address": "https://hooks.example.com/formscout", "event_types": ["session.succeeded"]}]}
    )

    company_id: Id | None = Field(default=None, description="Your own company when left out; an operator has to say.")
    address: ReceiverAddress
    description: Description = ""
    event_types: EventTypes = Field(default=SUBSCRIBABLE, description="What it is told; all that there is when left out.")


class WebhookPatch(Body):
    """What shall be different of a webhook: what is left out stays."""

    address: ReceiverAddress | None = None
    description: Description | None = None
    event_types: EventTypes | None = None
    enabled: Annotated[bool, Field(strict=True)] | None = Field(
        default=None, description="False gives up what waits for it; true forgets its failures."
    )

    def changes(self) -> WebhookChanges:
        """Return what was given."""
        return WebhookChanges(address=self.address, description=self.description, event_types=self.event_types, enabled=self.enabled)


class RotationIn(Body):
    """How a secret is replaced."""

    overlap_hours: Annotated[int, Field(strict=True, ge=0, le=LONGEST_OVERLAP_HOURS)] = Field(
        default=OVERLAP_HOURS, description="How long the old secret signs beside the new one; 0 when it has leaked."
    )

    @property
    def overlap(self) -> timedelta:
        """The same as a span of time."""
        return timedelta(hours=self.overlap_hours)


class WebhookOut(View):
    """A webhook, without its secret."""

    id: int
    company_id: int
    address: str
    description: str
    event_types: tuple[EventType, ...]
    created_at: datetime
    disabled_at: datetime | None
    disabled_because: DisabledBecause | None = Field(description="By its owner, by an answer 410, or because nothing got through for days.")
    failing_since: datetime | None = Field(description="The first failure since something got through.")


class NewWebhookOut(WebhookOut):
    """A webhook with a secret just made."""

    secret: str = Field(description="What its receiver verifies signatures with: shown this once.", examples=["whsec_…"])


class AttemptOut(View):
    """One attempt to deliver."""

    at: datetime
    seconds: float
    status: int | None
    error: AttemptError | None
    message: str
    excerpt: str = Field(description="The beginning of what was answered, cleaned.")


class DeliveryOut(View):
    """One event on its way to one webhook."""

    id: int
    webhook_id: int
    event_id: str = Field(description="The header `webhook-id`: the same in every attempt, so that a receiver can drop doubles.")
    event_type: EventType
    state: DeliveryState
    attempts: int
    next_at: datetime | None = Field(description="When it is tried next; null when it has ended.")
    last_status: int | None
    error_code: AttemptError | None
    error: str | None
    history: tuple[AttemptOut, ...]
    payload: str = Field(description="The body that is sent, as it is signed.")
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> Self:
        """Return how a delivery is shown."""
        same = {name: getattr(delivery, name) for name in cls.model_fields if name not in ("webhook_id", "next_at", "history")}
        return cls(
            **same,
            webhook_id=delivery.endpoint_id,
            next_at=None if delivery.state.is_final else delivery.next_at,
            history=tuple(AttemptOut.model_validate(one) for one in delivery.history),
        )

"""Bodies of companies, products, subscriptions, users and keys."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from formscout.domain.companies import Role
from formscout_api.schemas.shapes import Body, Id, Name, View

Email = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, to_lower=True, max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$"),
    Field(examples=["ann@example.com"]),
]
MicroDollars = Annotated[int, Field(strict=True, ge=0, le=10**15, description="Micro-dollars a month; 0: no model is ever asked.")]


class CompanyIn(Body):
    """A company to make."""

    name: Name = Field(examples=["Example Ltd"])


class CompanyPatch(Body):
    """What shall be different of a company."""

    name: Name | None = Field(default=None, examples=["Example Ltd"])
    weight: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = Field(
        default=None, description="Its part of the workers when others wait, too: 2 gets twice as much as 1."
    )
    max_running: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = Field(
        default=None, description="How many of its jobs may run at once on each queue; null: as the installation is set."
    )


class CompanyOut(View):
    """A company."""

    id: int
    name: str
    weight: int = Field(description="Its part of the workers when others wait, too.")
    max_running: int | None = Field(description="How many of its jobs may run at once on each queue; null: as the installation is set.")
    created_at: datetime


class ProductIn(Body):
    """A product to make."""

    name: Name = Field(examples=["Form discovery"])


class ProductOut(View):
    """A product."""

    id: int
    name: str


class SubscriptionIn(Body):
    """A subscription to make."""

    company_id: Id
    product_id: Id
    monthly_limit: MicroDollars = 0


class SubscriptionPatch(Body):
    """What shall be different of a subscription."""

    monthly_limit: MicroDollars | None = None
    active: Annotated[bool, Field(strict=True)] | None = None


class SubscriptionOut(View):
    """A subscription."""

    id: int
    company_id: int
    product_id: int
    monthly_limit: int = Field(description="Micro-dollars a month.")
    granted_limit: int = Field(description="By an operator: up to which the company's admins may set it.")
    active: bool


class UserIn(Body):
    """A user to make."""

    email: Email
    role: Literal[Role.ADMIN, Role.MEMBER] = Role.MEMBER


class UserOut(View):
    """A user."""

    id: int
    company_id: int | None
    email: str
    role: Role


class KeyIn(Body):
    """A key to make."""

    label: Annotated[Name, Field(examples=["CI"])] | None = None


class KeyOut(View):
    """A key without its secret."""

    id: int
    user_id: int
    prefix: str = Field(description="How the key starts, to tell keys apart.")
    label: str
    created_at: datetime
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    """A key just made."""

    secret: str = Field(description="The key itself: shown this once, kept nowhere.")

"""Companies (the tenants), their users, products and subscriptions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from formscout.domain.ids import ApiKeyId, CompanyId, ProductId, SubscriptionId, UserId


class Role(StrEnum):
    """What a key's holder may do."""

    OPERATOR = "operator"  # runs the installation, sees every company
    ADMIN = "admin"  # everything inside the own company
    MEMBER = "member"  # reads the own company and starts discoveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A tenant; nothing of it is ever visible to another."""

    id: CompanyId
    name: str
    weight: int = 1  # its part of the workers, beside those of the other companies that wait
    max_running: int | None = None  # jobs at once on each queue; None: as the installation is set
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What a company subscribes to."""

    id: ProductId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A company's subscription to a product; the model budget hangs on it.

    `monthly_limit` is in micro-dollars; 0 means that no model is ever asked.
    """

    id: SubscriptionId
    company_id: CompanyId
    product_id: ProductId
    monthly_limit: int
    granted_limit: int  # by an operator; the company's own admins may set the limit up to it
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelKey:
    """A company's own key for the model's service as it may be shown; the key itself is sealed."""

    company_id: CompanyId
    hint: str  # how it ends
    user_id: UserId | None
    created_at: datetime
    refused_at: datetime | None  # when the service said that it is no good; nothing is asked with it from then on
    refused_because: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or machine account; only operators have no company."""

    id: UserId
    company_id: CompanyId | None
    email: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept: `digest` is the SHA-256 of the secret, `prefix` its first characters, shown in lists."""

    id: ApiKeyId
    user_id: UserId
    prefix: str
    digest: bytes
    label: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who stands behind a request: the user of a valid key."""

    user_id: UserId
    company_id: CompanyId | None
    role: Role

    @property
    def is_operator(self) -> bool:
        """Whether the caller sees every company."""
        return self.role is Role.OPERATOR

    def may_see(self, company_id: CompanyId) -> bool:
        """Tell whether the caller may see a thing of this company at all."""
        return self.is_operator or self.company_id == company_id

    @property
    def may_manage(self) -> bool:
        """Whether the caller may change settings of what it sees."""
        return self.role in (Role.OPERATOR, Role.ADMIN)

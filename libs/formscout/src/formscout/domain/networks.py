"""Networks: one deployment of an application under test each, with how to crawl it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from formscout.domain.ids import CompanyId, NetworkId, ProjectId


class Environment(StrEnum):
    """What kind of deployment it is; production narrows what a crawl may send."""

    PRODUCTION = "production"
    STAGING = "staging"
    TEST = "test"


class RobotsPolicy(StrEnum):
    """What robots.txt means to us; a network is its owner's own application."""

    IGNORE = "ignore"  # read as a source of addresses; what it excludes is reported only
    OBEY = "obey"  # excluded addresses are skipped and listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which addresses belong to the application; an empty `include` means the base address's origin."""

    include: tuple[str, ...] = ()  # URL prefixes, absolute
    exclude: tuple[str, ...] = ()  # URL prefixes, absolute; they win over `include`
    allow_private: bool = False  # may resolve to loopback or private addresses; only an operator may say so
    allow_requests: tuple[str, ...] = ()  # URL prefixes whose non-GET requests pass in observe mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Politeness:
    """How hard a crawl may press the application."""

    max_parallel_tabs: int = 2  # of one slice
    min_delay_ms: int = 0  # between two page loads of one host
    robots: RobotsPolicy = RobotsPolicy.IGNORE


class SignInKind(StrEnum):
    """How a crawl gets in."""

    NONE = "none"
    PASSWORD = "password"  # noqa: S105 (a kind, not a secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """How to sign in; the secrets themselves are `Credentials`, kept encrypted apart from it."""

    kind: SignInKind = SignInKind.NONE
    username: str | None = None
    sign_in_url: str | None = None  # where the form is, when the base address does not lead to it
    has_totp: bool = False
    parallel: bool = False  # the account may be used by several browsers at once

    @property
    def signs_in(self) -> bool:
        """Whether a crawl has an account to use."""
        return self.kind is SignInKind.PASSWORD


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """The secrets of a sign-in in clear: only ever in memory, never in a log (no repr), a row or a prompt."""

    password: str
    totp_secret: str | None = None

    def __repr__(self) -> str:
        """Hide the secrets."""
        return "Credentials(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Something encrypted: AES-256-GCM, `key_id` names the key so that keys can rotate."""

    key_id: str
    ciphertext: bytes  # nonce and tag included


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One deployment of the application under test."""

    id: NetworkId
    company_id: CompanyId
    project_id: ProjectId
    name: str
    base_url: str | None  # None until somebody gives it; such a network cannot be crawled
    environment: Environment = Environment.TEST
    scope: Scope = field(default_factory=Scope)
    politeness: Politeness = field(default_factory=Politeness)
    sign_in: SignIn = field(default_factory=SignIn)
    created_at: datetime

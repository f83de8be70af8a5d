"""Bodies of networks."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field, SecretStr, StringConstraints, field_validator, model_validator

from formscout.domain.networks import Credentials, Environment, Politeness, RobotsPolicy, Scope, SignIn, SignInKind
from formscout.security.one_time_codes import key_of
from formscout.usecases.networks import NetworkChanges, NetworkDraft
from formscout_api.schemas.shapes import Body, Id, Name, View

Address = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
Addresses = Annotated[tuple[Address, ...], Field(max_length=100)]
Flag = Annotated[bool, Field(strict=True)]


class ScopeIn(Body):
    """Which addresses belong to the application."""

    include: Addresses = Field(default=(), description="URL prefixes; none: the base address's origin.")
    exclude: Addresses = Field(default=(), description="URL prefixes; they win over `include`.")
    allow_private: Flag = Field(default=False, description="May lead to loopback or private addresses; operators only.")
    allow_requests: Addresses = Field(default=(), description="URL prefixes whose non-GET requests pass in observe mode.")


class PolitenessIn(Body):
    """How hard a crawl may press the application."""

    max_parallel_tabs: Annotated[
        int, Field(strict=True, ge=1, le=16, description="Of one browser; a crawl's `max_slices` has as many browsers.")
    ] = 2
    min_delay_ms: Annotated[
        int, Field(strict=True, ge=0, le=60_000, description="Between two page loads of one host, by all slices of the company.")
    ] = 0
    robots: RobotsPolicy = RobotsPolicy.IGNORE


class SignInIn(Body):
    """How a crawl gets in; the secrets are kept encrypted and never shown again."""

    kind: SignInKind = SignInKind.NONE
    username: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=500, pattern=r"^[^\x00]*$")] | None = None
    sign_in_url: Address | None = Field(default=None, description="Where the form is, when the base address does not lead to it.")
    password: Annotated[SecretStr, Field(min_length=1, max_length=1000)] | None = None
    totp_secret: Annotated[SecretStr, Field(min_length=1, max_length=500)] | None = None
    parallel: Flag = Field(
        default=False,
        description="The account may be used by several browsers at once: the application keeps no view state that they would share.",
    )

    @field_validator("totp_secret")
    @classmethod
    def _makes_codes(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            key_of(secret.get_secret_value())
        return secret

    @model_validator(mode="after")
    def _secrets_come_together(self) -> Self:
        if self.totp_secret is not None and self.password is None:
            raise ValueError("Give password along with totp_secret; the two are kept, and replaced, together.")
        return self

    def credentials(self) -> Credentials | None:
        """Return the secrets in clear, if a password is given."""
        if self.password is None:
            return None
        totp_secret = None if self.totp_secret is None else self.totp_secret.get_secret_value()
        return Credentials(password=self.password.get_secret_value(), totp_secret=totp_secret)


_SECRETS = {"password", "totp_secret"}


class NetworkPatch(Body):
    """What shall be different of a network: what is left out, also within a part, stays as it is.

    Give the password again when the network moves to another origin: the one kept is dropped then.
    """

    name: Name | None = None
    base_url: Address | None = None
    environment: Environment | None = None
    scope: ScopeIn = ScopeIn()
    politeness: PolitenessIn = PolitenessIn()
    sign_in: SignInIn = SignInIn()

    def changes(self) -> NetworkChanges:
        """Return what was given."""
        return NetworkChanges(
            name=self.name,
            base_url=self.base_url,
            environment=self.environment,
            scope=self.scope.model_dump(exclude_unset=True),
            politeness=self.politeness.model_dump(exclude_unset=True),
            sign_in=self.sign_in.model_dump(exclude_unset=True, exclude=_SECRETS),
        )


class NetworkIn(Body):
    """A network to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "project_id": 1,
                    "name": "Staging",
                    "base_url": "https://staging.example.com/",
                    "environment": "staging",
                    "sign_in": {"kind": "password", "username": "robot@example.com", "password": "correct horse battery staple"},
                },
            ],
        },
    )

    project_id: Id
    name: Name
    base_url: Address | None = Field(default=None, description="Without one it cannot be crawled yet.")
    environment: Environment = Environment.TEST
    scope: ScopeIn = ScopeIn()
    politeness: PolitenessIn = PolitenessIn()
    sign_in: SignInIn = SignInIn()

    def draft(self) -> NetworkDraft:
        """Return what the network shall be."""
        return NetworkDraft(
            name=self.name,
            base_url=self.base_url,
            environment=self.environment,
            scope=Scope(**self.scope.model_dump()),
            politeness=Politeness(**self.politeness.model_dump()),
            sign_in=SignIn(**self.sign_in.model_dump(exclude=_SECRETS)),
        )


class ScopeOut(View):
    """Which addresses belong to the application."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]
    allow_private: bool
    allow_requests: tuple[str, ...]


class PolitenessOut(View):
    """How hard a crawl may press the application."""

    max_parallel_tabs: int
    min_delay_ms: int
    robots: RobotsPolicy


class SignInOut(View):
    """How a crawl gets in, without the secrets."""

    kind: SignInKind
    username: str | None
    sign_in_url: str | None
    has_totp: bool
    parallel: bool


class NetworkOut(View):
    """A network."""

    id: int
    company_id: int
    project_id: int
    name: str
    base_url: str | None
    environment: Environment
    scope: ScopeOut
    politeness: PolitenessOut
    sign_in: SignInOut
    created_at: datetime

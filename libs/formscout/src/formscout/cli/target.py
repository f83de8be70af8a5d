"""Finds, or makes, what a discovery of an address has to name: company, project, network and the rest."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from formscout.cli.client import ApiClient, ApiError, Document
from formscout.domain.errors import InvalidInputError
from formscout.domain.urls import require_http

COMPANY: Final = "Formscout"
PROJECT: Final = "Command line"
PRODUCT: Final = "Form discovery"
USER: Final = "robot@example.com"

_FORBIDDEN: Final = 403


@dataclass(frozen=True, kw_only=True)
class Application:
    """The application to discover, as the command line names it."""

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    totp_secret: str | None = field(default=None, repr=False)
    sign_in_url: str | None = None
    allow_private: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        object.__setattr__(self, "url", require_http(self.url))
        if (self.username is None) != (self.password is None):
            raise InvalidInputError("To sign in, give both --username and --password-env.")
        if self.username is None and (self.totp_secret or self.sign_in_url):
            raise InvalidInputError("--totp-env and --sign-in-url need --username and --password-env.")

    def sign_in(self) -> Document:
        """Return the sign-in as the API takes it."""
        if self.username is None:
            return {"kind": "none"}
        given = {"sign_in_url": self.sign_in_url, "totp_secret": self.totp_secret}
        return {"kind": "password", "username": self.username, "password": self.password} | {
            name: value for name, value in given.items() if value is not None
        }


async def ensure_target(api: ApiClient, application: Application) -> Document:
    """Return the ids that a discovery of this application names, making what is missing."""
    company_id = await _company(api)
    network = await _network(api, company_id, application)
    return {
        "company_id": company_id,
        "project_id": network["project_id"],
        "network_id": network["id"],
        "user_id": await _user(api, company_id),
        "product_id": await _product(api, company_id),
    }


async def _first(items: AsyncIterator[Document]) -> Document | None:
    return await anext(items, None)


async def _company(api: ApiClient) -> int:
    found = await _first(api.items("/api/companies")) or await api.post("/api/companies", {"name": COMPANY})
    return int(found["id"])


async def _user(api: ApiClient, company_id: int) -> int:
    path = f"/api/companies/{company_id}/users"
    found = await _first(api.items(path)) or await api.post(path, {"email": USER, "role": "member"})
    return int(found["id"])


async def _product(api: ApiClient, company_id: int) -> int:
    async for subscription in api.items("/api/subscriptions", company_id=company_id):
        if subscription["active"]:
            return int(subscription["product_id"])
    try:
        product = await _first(api.items("/api/products")) or await api.post("/api/products", {"name": PRODUCT})
        await api.post("/api/subscriptions", {"company_id": company_id, "product_id": product["id"]})
    except ApiError as error:
        if error.status == _FORBIDDEN:
            raise InvalidInputError(f"Company {company_id} has no active subscription. Ask whoever runs the platform for one.") from None
        raise
    return int(product["id"])


async def _network(api: ApiClient, company_id: int, application: Application) -> Document:
    wanted: Document = {"base_url": application.url, "sign_in": application.sign_in()}
    scope = {"allow_private": application.allow_private}
    async for network in api.items("/api/networks", company_id=company_id):
        if network["base_url"] == application.url and network["sign_in"]["username"] == application.username:
            if network["scope"]["allow_private"] != application.allow_private:
                wanted["scope"] = scope
            return await api.patch(f"/api/networks/{network['id']}", wanted)
    project = await _project(api, company_id)
    if application.allow_private:
        wanted["scope"] = scope
    return await api.post("/api/networks", {"project_id": project, "name": application.url[:200], **wanted})


async def _project(api: ApiClient, company_id: int) -> int:
    async for project in api.items("/api/projects", company_id=company_id):
        if project["name"] == PROJECT:
            return int(project["id"])
    return int((await api.post("/api/projects", {"company_id": company_id, "name": PROJECT}))["id"])

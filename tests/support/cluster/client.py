"""A client of the platform's API in the cluster, and the company in whose name the tests discover."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from tests.support.cluster.kube import Json, Kube, until

DISCOVERY_SECONDS: Final = 1200
"""What a discovery may take when several of them share a machine that does other things, too."""

ENDED: Final = frozenset({"SUCCESS", "FAILURE", "REVOKED"})


@dataclass(kw_only=True)
class Api:
    """The API through a port of this machine; the port is opened again when the pod behind it goes."""

    kube: Kube
    service: str
    port: int
    key: str
    _http: httpx.Client | None = None
    _ends: ExitStack = field(default_factory=ExitStack)

    def ask(self, method: str, path: str, **request: Any) -> Any:  # Any: as httpx takes it, JSON
        """Ask, and ask again for as long as the way there is away: pods may go at any time here."""
        end = time.monotonic() + 120
        while True:
            try:
                return self._client().request(method, path, **request).raise_for_status().json()
            except (httpx.TransportError, AssertionError) as error:
                self.close()
                if time.monotonic() > end:
                    raise AssertionError("the API cannot be reached") from error
                time.sleep(1)
            except httpx.HTTPStatusError as error:
                if error.response.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > end:
                    raise AssertionError(f"{method} {path}: {error.response.status_code} {error.response.text}") from error
                time.sleep(1)

    def _client(self) -> httpx.Client:
        if self._http is None:
            address = self._ends.enter_context(self.kube.forwarded(f"service/{self.service}", self.port))
            headers = {"authorization": f"Bearer {self.key}"}
            self._http = self._ends.enter_context(httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False))
        return self._http

    def close(self) -> None:
        """Give the port back."""
        self._ends.close()
        self._http = None


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """A discovery that was asked for."""

    api: Api
    asked_at: float  # seconds since 1970
    session_id: int
    status_url: str

    @property
    def status(self) -> Json:
        """How it stands, as a client sees it."""
        found: Json = self.api.ask("GET", self.status_url)
        return found

    def until_ended(self, *, seconds: float = DISCOVERY_SECONDS) -> Json:
        """Wait for its end, which is success, and return its inventory."""
        until(lambda: self.status["state"] in ENDED, f"session {self.session_id} ends", seconds=seconds, why=lambda: self.status)
        status = self.status
        assert status["state"] == "SUCCESS", status
        return self.inventory()

    def inventory(self) -> Json:
        """Return what it has found until now."""
        found: Json = self.api.ask("GET", f"/api/sessions/{self.session_id}/inventory")
        return found


@dataclass(frozen=True, kw_only=True)
class Company:
    """A company with a user and a project, made over the API with an operator's key."""

    api: Api
    ids: dict[str, int]
    subscription_id: int
    key: str

    def network(self, name: str, base_url: str, **more: Any) -> int:  # Any: fields of the body
        """Make a network of an application in the cluster and return its id."""
        body = {"project_id": self.ids["project_id"], "name": name, "base_url": base_url, **more}
        body["scope"] = {"allow_private": True, **body.get("scope", {})}
        made: int = self.api.ask("POST", "/api/networks", json=body)["id"]
        return made

    def discover(self, network_id: int, **more: Any) -> Discovery:  # Any: as above
        """Ask for a discovery."""
        asked_at = time.time()
        accepted = self.api.ask("POST", "/api/crawl/discover-forms", json={**self.ids, "network_id": network_id, **more})
        return Discovery(api=self.api, asked_at=asked_at, session_id=accepted["session_id"], status_url=accepted["status_url"])


def make_company(api: Api, name: str) -> Company:
    """Make a company with everything that a discovery names."""
    company = api.ask("POST", "/api/companies", json={"name": name})["id"]
    user = api.ask("POST", f"/api/companies/{company}/users", json={"email": "robot@example.com"})["id"]
    product = api.ask("POST", "/api/products", json={"name": f"Discovery for {name}"})["id"]
    subscription = api.ask("POST", "/api/subscriptions", json={"company_id": company, "product_id": product, "monthly_limit": 5_000_000})[
        "id"
    ]
    project = api.ask("POST", "/api/projects", json={"company_id": company, "name": name})["id"]
    ids = {"project_id": project, "user_id": user, "company_id": company, "product_id": product}
    key = api.ask("POST", f"/api/users/{user}/keys", json={"label": "cluster test"})["secret"]
    return Company(api=api, ids=ids, subscription_id=subscription, key=key)

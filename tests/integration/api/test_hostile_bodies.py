"""Bodies of every shape on every route that takes one: whatever is sent, it is never our side that breaks."""

import json
import random
from typing import Any

import httpx
import pytest
from tests.support.api import routes_of
from tests.support.tenants import Tenant

from formscout_api.main import assemble

APP = assemble()
ROUTES = [
    (method, path)
    for method, path in routes_of(APP)
    if method in ("POST", "PATCH") and "requestBody" in APP.openapi()["paths"][path][method.lower()]
]
EXAMPLES = 60
ODD: tuple[Any, ...] = (  # Any: JSON of every kind
    None,
    True,
    0,
    -1,
    2**63 - 1,
    2**63,
    10**400,
    1.5,
    float("inf"),
    "",
    "1",
    "a\x00b",
    "\ud800",
    "https://[::1",
    "https://a.example.com:99999999999/",
    "//",
    "http://\u2603.example.com/%zz?a=1&a=2#/x",
    "x" * 5000,
    [],
    ["https://a.example.com/"] * 101,
    [[[[[]]]]],
    {},
    {"kind": "password"},
    {"kind": "password", "username": "a", "password": "b"},
    {"include": ["https://a.example.com/\x00"]},
    {"": {"": None}},
)


def properties_of(method: str, path: str) -> list[str]:
    """Return the names of the fields that a route's body has."""
    schema = APP.openapi()
    reference: str = schema["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return sorted(schema["components"]["schemas"][reference.rsplit("/", 1)[1]]["properties"])


def test_there_are_routes_with_bodies() -> None:
    assert len(ROUTES) >= 10


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_no_body_breaks_a_route(operator: httpx.AsyncClient, tenant: Tenant, method: str, path: str) -> None:
    dice = random.Random(f"{method} {path}")  # noqa: S311 (the same examples in every run)
    made = await operator.post("/api/webhooks", json={"company_id": 1, "address": "https://hooks.example.com/"})
    ids = {"company_id": 1, "user_id": tenant.member.id, "subscription_id": 1, "project_id": 1, "network_id": 1}
    url = path.format(**ids, webhook_id=made.json()["id"])
    for _ in range(EXAMPLES):
        chosen = [name for name in properties_of(method, path) if dice.random() < 0.8]
        body = {name: dice.choice(ODD) for name in chosen} | {name: 1 for name in chosen if name.endswith("_id") and dice.random() < 0.8}
        answer = await operator.request(method, url, content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert answer.status_code < 500, body
        assert answer.status_code < 400 or answer.headers["content-type"] == "application/problem+json"

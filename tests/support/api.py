"""The API's application as a test runs it: on real stores, spoken to over ASGI."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from tests.support.tenants import KEY_ENTRY

from formscout_api.config import ApiSettings
from formscout_api.main import create_app

Client = Callable[[str | None], httpx.AsyncClient]


@asynccontextmanager
async def running(settings: ApiSettings) -> AsyncIterator[Client]:
    """Start the application and yield what makes clients of it, one for each key."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    clients: list[httpx.AsyncClient] = []

    def client(key: str | None) -> httpx.AsyncClient:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=headers))
        return clients[-1]

    async with app.router.lifespan_context(app):
        yield client
        for one in clients:
            await one.aclose()


def settings_for(database_url: str, redis_url: str, *, key_cache_seconds: float = 0, **more: Any) -> ApiSettings:  # Any: settings by name
    """Return settings on these stores; keys are looked up each time unless a test says otherwise."""
    return ApiSettings(
        database_url=SecretStr(database_url),
        redis_url=SecretStr(redis_url),
        encryption_keys=SecretStr(KEY_ENTRY),
        key_cache_seconds=key_cache_seconds,
        **more,
    )


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Return method and path template of every route that the application describes."""
    return sorted((method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods)

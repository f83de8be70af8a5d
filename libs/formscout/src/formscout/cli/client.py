"""A client of the HTTP API, as anybody could write it from its documentation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import httpx

from formscout.domain.errors import PlatformError

TIMEOUT_SECONDS: Final = 30.0
CONNECT_ATTEMPTS: Final = 3
PAGE_SIZE: Final = 200

Document = dict[str, Any]  # Any: JSON


class ApiError(PlatformError):
    """The API refused a request; the message is its problem's detail."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class ApiClient:
    """The API at one address with one key."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, key: str) -> AsyncIterator["ApiClient"]:
        """Open a client; connections are made when they are needed."""
        transport = httpx.AsyncHTTPTransport(retries=CONNECT_ATTEMPTS)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS, transport=transport) as http:
            yield cls(http)

    async def get(self, path: str, **parameters: str | int) -> Document:
        """Return the answer of a GET."""
        return await self._ask("GET", path, params=parameters)

    async def post(self, path: str, body: Document) -> Document:
        """Return the answer of a POST."""
        return await self._ask("POST", path, json=body)

    async def patch(self, path: str, body: Document) -> Document:
        """Return the answer of a PATCH."""
        return await self._ask("PATCH", path, json=body)

    async def items(self, path: str, **parameters: str | int) -> AsyncIterator[Document]:
        """Yield what a list holds, page after page."""
        cursor: dict[str, str | int] = {}
        while True:
            page = await self.get(path, limit=PAGE_SIZE, **parameters, **cursor)
            for item in page["items"]:
                yield item
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}

    async def start_discovery(self, body: Document) -> Document:
        """Ask for a discovery."""
        return await self.post("/api/crawl/discover-forms", body)

    async def status(self, task_id: UUID | str) -> Document:
        """Return how a discovery stands."""
        return await self.get(f"/api/crawl/status/{task_id}")

    async def cancel(self, task_id: UUID | str) -> Document:
        """Cancel a discovery."""
        return await self.post(f"/api/crawl/cancel/{task_id}", {})

    async def inventory(self, session_id: int, *, detail: str = "core") -> Document:
        """Return all that a session found."""
        return await self.get(f"/api/sessions/{session_id}/inventory", detail=detail)

    async def _ask(self, method: str, path: str, **arguments: Any) -> Document:  # Any: what httpx takes
        try:
            answer = await self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise PlatformError(
                f"The platform at {self._http.base_url} does not answer ({type(error).__name__}). Check FORMSCOUT_URL, or that it runs."
            ) from None
        if answer.is_success:
            document: Document = answer.json()
            return document
        raise ApiError(_reason(answer), status=answer.status_code)


def _reason(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        detail = str(problem.get("detail") or problem.get("title") or "")
        fields = "; ".join(f"{one['field']}: {one['detail']}" for one in problem.get("errors") or ())
    except (ValueError, AttributeError, KeyError):
        detail, fields = "", ""
    text = " ".join(part for part in (detail, fields) if part)
    return text or f"The platform answered {answer.status_code} to {answer.request.method} {answer.request.url.path}."

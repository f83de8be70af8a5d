"""Runs in a pod beside the platform: sends so many requests a second to the API and says how each was answered."""

import asyncio
import json
import os
import time
from typing import Final

import httpx

RATE: Final = float(os.environ.get("RATE", "20"))

REQUEST_SECONDS: Final = 30

PATHS: Final = ("/api/networks?limit=5", "/api/sessions?limit=5", "/api/crawl/queue-stats", "/health/live")


async def ask(client: httpx.AsyncClient, number: int) -> None:
    """Send one request over a connection of its own, and say how it was answered: nothing is tried again."""
    began = time.time()
    line: dict[str, object] = {"at": began, "path": PATHS[number % len(PATHS)]}
    try:
        answer = await client.get(PATHS[number % len(PATHS)], headers={"connection": "close"} if number % 2 else {})
        line["status"] = answer.status_code
    except httpx.HTTPError as error:
        line["error"] = repr(error)
    line["seconds"] = round(time.time() - began, 3)
    print(json.dumps(line), flush=True)  # noqa: T201 its log is what it is for


async def main() -> None:
    """Send at the rate, however long the answers take, until told to end."""
    headers = {"authorization": f"Bearer {os.environ['FORMSCOUT_API_KEY']}"}
    number, began = 0, time.monotonic()
    async with (
        httpx.AsyncClient(base_url=os.environ["FORMSCOUT_URL"], headers=headers, timeout=REQUEST_SECONDS) as client,
        asyncio.TaskGroup() as group,
    ):
        while True:
            group.create_task(ask(client, number))
            number += 1
            await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))


if __name__ == "__main__":
    asyncio.run(main())

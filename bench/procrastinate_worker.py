"""A procrastinate worker whose task does nothing, and says nothing of it: `python -m bench.procrastinate_worker`."""

import asyncio
import os

from procrastinate import App, PsycopgConnector

app = App(connector=PsycopgConnector(conninfo=os.environ["DATABASE_URL"], min_size=1, max_size=2))


@app.task(name="nothing")
async def nothing(number: int) -> None:
    """Do nothing."""
    del number


async def main() -> None:
    """Run the worker until it is told to end."""
    async with app.open_async():
        await app.run_worker_async(concurrency=1, delete_jobs="never")


if __name__ == "__main__":
    asyncio.run(main())

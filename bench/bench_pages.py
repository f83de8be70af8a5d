"""Visiting pages of the demo application: our slice against a bare Playwright loop over the same addresses with as many tabs.

`uv run python -m bench.bench_pages [PAGES [TURNS]]`. The bare loop opens each page and takes its HTML. Ours also waits until the page
rests, presses what can be pressed, freezes what it shows, folds the forms, verifies the way to each and writes it all down: the ratio says
what that costs.
"""

import asyncio
import itertools
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.measure import Contestant, machine, measure, report
from bench.stores import free_port, process, stores
from bench.tenant import Tenant, create_database, make_tenant
from playwright.async_api import BrowserContext, async_playwright

from formscout.domain.crawls import CrawlOptions
from formscout.domain.jobs import Finished, Queue
from formscout.domain.networks import Credentials, Politeness, Scope, SignIn, SignInKind
from formscout.local.demo import PASSWORD, USERNAME
from formscout.queueing.heartbeat import Heart
from formscout.security.encryption import KeyRing, make_key_entry
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases.crawls import CrawlRequest, request_discovery
from formscout.usecases.jobs import finish_job
from formscout.usecases.networks import NetworkDraft
from formscout.usecases.unit_of_work import unit_of_work
from formscout_discovery.browser.executable import find_executable
from formscout_discovery.browser.options import BrowserOptions
from formscout_discovery.slices import Discovery

TABS = 2
PAGES = 20
SLICE_SECONDS = 1800.0

SANDBOX = os.geteuid() != 0
"""Chromium's own; it refuses it to root."""


async def main() -> int:
    """Run the benchmark and return the exit status."""
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else PAGES
    turns = int(sys.argv[2]) if len(sys.argv) > 2 else 2  # noqa: PLR2004 (the second argument)
    print(machine())
    with ExitStack() as running:
        at = running.enter_context(stores())
        scratch = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="bench-pages-")))
        port = free_port()
        running.enter_context(process(["formscout_demo.main", "--port", str(port), "--data-dir", str(scratch / "demo")], {}, port=port))
        url = f"http://127.0.0.1:{port}/"
        address = await create_database(at, "pages")
        database = Database.connect(address)
        await schema.upgrade(database)
        keys = KeyRing.parse(make_key_entry("bench"))
        draft = NetworkDraft(
            name="Demo",
            base_url=url,
            scope=Scope(allow_private=True),
            politeness=Politeness(max_parallel_tabs=TABS),
            sign_in=SignIn(kind=SignInKind.PASSWORD, username=USERNAME),
        )
        tenant = await make_tenant(database, keys, draft, Credentials(password=PASSWORD))
        discovery = Discovery(
            database=database,
            snapshots=SnapshotStore.connect("database:", database),
            keys=keys,
            draining=lambda: False,
            browser=BrowserOptions(scratch=scratch, sandbox=SANDBOX),
            redis_url=at.redis,
            slice_seconds=SLICE_SECONDS,
            drain_seconds=15,
        )

        heart = Heart(Queue.DISCOVERY, database_url=address, redis_url=at.redis)
        heart.start()

        async def ours(units: int) -> None:
            await _discover(discovery, heart, tenant, pages=units)

        async def bare(units: int) -> None:
            await _open_all(url, (await _visited(database))[-units:])

        # Ours first, each turn: the bare loop opens what the last session visited. The warm-up makes the first list.
        contestants = [
            Contestant(name="ours", work=ours, roots=(os.getpid(), *at.roots)),
            Contestant(name="bare loop", work=bare, roots=(os.getpid(),)),
        ]
        results = await measure(contestants, units=pages, turns=turns, warm_up=pages)
        heart.stop()
        await database.close()
    report(f"Visiting {pages} pages of the demo application in {TABS} tabs", results, baseline="bare loop")
    ratio = [own / other for own, other in zip(results[0].wall, results[1].wall, strict=True)]
    print(f"  wall ratio to bare loop: {min(ratio):.2f}–{max(ratio):.2f}")
    return 0


async def _discover(discovery: Discovery, heart: Heart, tenant: Tenant, *, pages: int) -> None:
    """Run one session with its one slice, as the worker would."""
    ids: dict[str, Any] = dict(tenant.ids)  # Any: ids are numbers with names
    request = CrawlRequest(**ids, options=CrawlOptions(max_pages=pages), force=True)
    session, _ = await request_discovery(discovery.database, tenant.caller, request)
    async with unit_of_work(discovery.database) as work:
        claim = await work.jobs.claim(Queue.DISCOVERY, worker="bench")
    assert claim is not None, "the session's slice waits"
    async with heart.watching(claim, delivery_tag=None) as pulse:
        outcome = await discovery.discover(claim, pulse)
        assert outcome == Finished(), outcome
        await finish_job(discovery.database, claim, outcome)
    async with unit_of_work(discovery.database) as work:
        ended = await work.crawls.find(session.id)
    assert ended is not None, "it was just written"
    assert ended.visits == pages, f"the demo application gave {ended.visits} pages, not {pages}"


async def _visited(database: Database) -> list[str]:
    """Return the addresses that sessions visited, the latest last."""
    async with database.begin() as connection:
        rows = await connection.exec_driver_sql("SELECT address FROM frontier_page WHERE state = 'done' ORDER BY id")
        return [row[0] for row in rows]


async def _open_all(url: str, addresses: list[str]) -> None:
    """Open each page in one of the tabs, signed in, and take its HTML."""
    left = itertools.chain(addresses)
    async with async_playwright() as playwright:
        executable = find_executable(None, bundled=playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(executable_path=executable, chromium_sandbox=SANDBOX)
        context = await browser.new_context()
        await _sign_in(context, url)

        async def visit() -> None:
            tab = await context.new_page()
            for address in left:
                await tab.goto(address, wait_until="load")
                await tab.content()

        await asyncio.gather(*(visit() for _ in range(TABS)))
        await browser.close()


async def _sign_in(context: BrowserContext, url: str) -> None:
    tab = await context.new_page()
    await tab.goto(url)
    await tab.fill("input[type=email], input[name=email], input[name=username]", USERNAME)
    await tab.fill("input[type=password]", PASSWORD)
    await tab.press("input[type=password]", "Enter")
    await tab.wait_for_load_state("load")
    await tab.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

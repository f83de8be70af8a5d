"""A real Chromium behind the gate, with nothing in its tabs that listens or judges: what may change something reaches nobody."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, async_playwright
from playwright.async_api import Error as PlaywrightError
from tests.support.canary import POSTING, TALKING, Canary, running_canary
from tests.support.tls import Authority, in_front_of

from formscout_discovery.browser import boundary
from formscout_discovery.browser.executable import find_executable
from formscout_discovery.gate.messages import Judged
from formscout_discovery.gate.process import Gate, Lane, running_gate
from formscout_discovery.policy.requests import JudgeSettings

WAIT_S = 60.0


@pytest.fixture
def canary() -> Iterator[Canary]:
    with running_canary() as site:
        yield site


@contextlib.asynccontextmanager
async def chromium(gate: Gate, lane: Lane) -> AsyncIterator[BrowserContext]:
    """Run a Chromium as Playwright starts it, that sends through the gate."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_executable(None, bundled=playwright.chromium.executable_path),
            chromium_sandbox=os.geteuid() != 0,
            args=list(boundary.switches(gate)),
        )
        yield await browser.new_context(proxy=boundary.proxy(lane))
        await browser.close()


async def until(condition: Callable[[], bool], what: Callable[[], object]) -> None:
    try:
        async with asyncio.timeout(WAIT_S):
            while not condition():  # noqa: ASYNC110 (what is waited for happens in other processes)
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"still missing: {what()}") from None


async def open_and_leave(context: BrowserContext, base: str, opened: Callable[[], bool], what: Callable[[], object]) -> None:
    """Open the page that sends from everywhere, and leave it once all has come up."""
    page = await context.new_page()
    await page.goto(f"{base}/")
    await until(opened, what)
    await page.goto("about:blank")


async def test_without_the_judge_everything_arrives(gate: Gate, canary: Canary) -> None:
    """The proof that the canary sings at all."""
    base = f"http://127.0.0.1:{canary.port}"
    rules = JudgeSettings(allow_requests=(f"{base}/",))
    async with gate.lane(rules, allow_private=True, told=lambda _: None) as lane, chromium(gate, lane) as context:
        early = {place for place in POSTING if not place.startswith("pagehide")}
        await open_and_leave(
            context,
            base,
            lambda: early <= set(canary.writes) and set(TALKING) <= set(canary.frames),
            lambda: (early - set(canary.writes), set(TALKING) - set(canary.frames)),
        )
        await until(lambda: set(POSTING) <= set(canary.writes), lambda: set(POSTING) - set(canary.writes))


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_nothing_that_may_change_something_arrives_from_any_place(
    gate: Gate, lane: Lane, judged: list[Judged], canary: Canary, authority: Authority, *, scheme: str
) -> None:
    def held(method: str = "POST") -> set[str]:
        return {each.url.rsplit("/", 1)[1] for each in judged if each.method == method}

    early = {place for place in POSTING if not place.startswith("pagehide")}
    with in_front_of(canary.port, authority.server("127.0.0.1")) as secure:
        base = f"http://127.0.0.1:{canary.port}" if scheme == "http" else f"https://127.0.0.1:{secure}"
        async with chromium(gate, lane) as context:
            await open_and_leave(
                context,
                base,
                lambda: early <= held() and set(TALKING) <= held("WEBSOCKET"),
                lambda: (early - held(), set(TALKING) - held("WEBSOCKET"), canary),
            )
            await until(lambda: set(POSTING) <= held(), lambda: set(POSTING) - held())
    assert (canary.writes, canary.frames) == ([], [])
    assert set(TALKING) <= canary.reads, "reads pass from everywhere"
    assert set(TALKING) <= canary.lines, "sockets open, and hear"


async def test_a_page_that_is_drawn_ahead_sends_nothing_either(
    gate: Gate, lane: Lane, judged: list[Judged], canary: Canary, tmp_path: Path
) -> None:
    """Playwright switches this off, so here the browser is started without it."""
    async with async_playwright() as playwright:
        executable = find_executable(None, bundled=playwright.chromium.executable_path)
    further = ["--no-sandbox"] if os.geteuid() == 0 else []
    own = [
        "--headless",
        "--disable-gpu",
        *further,
        f"--user-data-dir={tmp_path}",
        *boundary.switches(gate),
        f"--proxy-server={lane.address}",
    ]
    browser = await asyncio.create_subprocess_exec(
        executable, *own, f"http://127.0.0.1:{canary.port}/", start_new_session=True, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await until(lambda: any(each.url.endswith("/write/prerender") for each in judged), lambda: canary)
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        await browser.wait()
    assert (canary.writes, canary.frames) == ([], [])
    assert "prerender" in canary.reads


async def test_a_gate_that_dies_leaves_its_browser_without_network(canary: Canary) -> None:
    base = f"http://127.0.0.1:{canary.port}"
    async with running_gate() as gate:  # noqa: SIM117 (the lane ends after what is below)
        async with gate.lane(JudgeSettings(), allow_private=True, told=lambda _: None) as lane, chromium(gate, lane) as context:
            page = await context.new_page()
            await page.goto(f"{base}/frame")
            await until(lambda: "frame" in canary.reads, lambda: canary)
            os.kill(gate.pid, signal.SIGKILL)
            await until(lambda: gate.is_lost, lambda: gate)
            canary.reads.clear()
            with pytest.raises(PlaywrightError, match="ERR_PROXY_CONNECTION_FAILED"):
                await page.goto(f"{base}/frame?again")
            with pytest.raises(PlaywrightError, match="ERR_PROXY_CONNECTION_FAILED"):
                await page.goto(f"http://localhost:{canary.port}/frame")
    assert (canary.reads, canary.writes, canary.frames) == (set(), [], [])


async def test_certificates_of_servers_fail_as_if_there_were_no_gate(
    gate: Gate, lane: Lane, canary: Canary, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority.make(tmp_path, "stranger")
    async with chromium(gate, lane) as context:
        page = await context.new_page()
        with in_front_of(canary.port, authority.server("127.0.0.1")) as port:
            answer = await page.goto(f"https://127.0.0.1:{port}/frame")
            assert answer is not None
            assert answer.status == 200
            assert await page.evaluate("isSecureContext")
        for context_of_server in (authority.server("other.example"), stranger.server("127.0.0.1")):
            with in_front_of(canary.port, context_of_server) as port, pytest.raises(PlaywrightError, match="ERR_CERT_AUTHORITY_INVALID"):
                await page.goto(f"https://127.0.0.1:{port}/frame")

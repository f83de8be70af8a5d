"""Starts one Chromium for a slice and hands out signed-in states and tabs of it."""

import asyncio
import contextlib
import importlib.metadata
import json
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from typing import Any, Final

from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import BrowserContext, Page, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from formscout.security.addresses import AddressGuard
from formscout_discovery.browser import boundary, leftovers
from formscout_discovery.browser.executable import BrowserUnavailableError, find_executable
from formscout_discovery.browser.interception import Interception
from formscout_discovery.browser.listening import Listening
from formscout_discovery.browser.options import BrowserOptions, TabRules
from formscout_discovery.browser.scripts import script
from formscout_discovery.browser.state import StoredState, deserialise, serialise
from formscout_discovery.browser.tab import CLOSE_TIMEOUT_S, BrowserTab, Inside
from formscout_discovery.browser.traffic import Traffic
from formscout_discovery.browser.windows import Windows, close
from formscout_discovery.crawl.ports import BrowserLostError
from formscout_discovery.gate.process import Gate, GateLostError, Lane, running_gate

START_TIMEOUT_S: Final = 60.0
"""For Chromium to start on a busy machine."""

ANSWER_TIMEOUT_S: Final = 15.0
"""For a browser that lives to say its version: it takes milliseconds, and seconds on a machine that is all busy."""

SWITCHES: Final = (
    "--disable-gpu",
    "--disable-blink-features=SharedWorker,WebTransport,FetchLaterAPI",  # would send past those who listen
    "--deny-permission-prompts",
    "--no-pings",
    # All frames of a page live in one process: one session then sees every frame, and a page with thirty advertisements
    # costs one process, not thirty. What is given up is the wall between the application and frames it embeds itself; the
    # renderer's own sandbox stands, and no other secret than this application's is in the browser.
    "--disable-site-isolation-trials",
)

DISABLED_FEATURES: Final = (
    # One process for all frames, as said above.
    "IsolateOrigins", "site-per-process", "OriginIsolationHeader", "OriginKeyedProcessesByDefault",
    # Loads that nobody asked for.
    "Prerender2", "SpeculationRulesPrefetchFuture", "PreloadMediaEngagementData", "BackForwardCache",
    # Talk to the vendor.
    "AutofillServerCommunication", "MediaRouter", "DialMediaRouteProvider", "OptimizationHints", "Translate",
    "InterestFeedContentSuggestions",
    "CertificateTransparencyComponentUpdater", "NetworkTimeServiceQuerying", "PreconnectToSearch", "AimEnabled",
    # Reports that the browser posts on a server's behalf, past those who listen.
    "Reporting", "NetworkErrorLogging",
    # The address given is the address meant.
    "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
    # As in Playwright's own list, which this one replaces.
    "ImprovedCookieControls", "ThirdPartyStoragePartitioning", "LensOverlay", "GlobalMediaControls", "PaintHolding", "AcceptCHFrame",
    "DestroyProfileOnBrowserClose", "AvoidUnnecessaryBeforeUnloadCheckSync", "RenderDocument", "AutoDeElevate", "LazyFrameLoading",
)  # fmt: skip

UNWANTED_SWITCHES: Final = ("--disable-popup-blocking",)
"""Playwright's own switch lets a page open windows by itself; a person's browser does not."""


@contextlib.asynccontextmanager
async def launch(options: BrowserOptions) -> AsyncIterator["Chromium"]:
    """Run one Chromium behind a gate of its own; raise `BrowserUnavailableError` if there is none, or either does not start.

    Leaving the context ends it with its process group, whatever state it is in, and the gate after it; what a killed worker left is
    ended first.
    """
    await asyncio.to_thread(leftovers.sweep_leftovers, options.scratch)
    token = secrets.token_hex(8)
    async with _gate(options) as gate, async_playwright() as playwright:
        with tempfile.TemporaryDirectory(prefix=leftovers.HOME_PREFIX, ignore_cleanup_errors=True) as home:
            browser = await _start(playwright, options, gate, token=token, home=home)
            pid_file = await asyncio.to_thread(leftovers.record, options.scratch, token, home=home)
            try:
                chromium = Chromium(browser, options, gate)
                await chromium.start()
                yield chromium
            finally:
                with contextlib.suppress(PlaywrightError, TimeoutError):
                    await asyncio.wait_for(browser.close(), CLOSE_TIMEOUT_S)
                if pid_file is not None:
                    await asyncio.to_thread(leftovers.end_recorded, pid_file)


@contextlib.asynccontextmanager
async def _gate(options: BrowserOptions) -> AsyncIterator[Gate]:
    """Run the gate of one browser."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            gate = await stack.enter_async_context(running_gate(options.authorities))
        except GateLostError as error:
            raise BrowserUnavailableError(error.message) from error
        yield gate


async def _start(playwright: Playwright, options: BrowserOptions, gate: Gate, *, token: str, home: str) -> PlaywrightBrowser:
    executable = find_executable(options.executable, bundled=playwright.chromium.executable_path)
    # Nothing of our own environment reaches the browser: it holds keys and passwords.
    environment: dict[str, str | float | bool] = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "TZ": options.timezone,
    }
    try:
        return await playwright.chromium.launch(
            executable_path=executable,
            chromium_sandbox=options.sandbox,
            args=[*SWITCHES, *boundary.switches(gate), f"--disable-features={','.join(DISABLED_FEATURES)}", leftovers.marker_of(token)],
            ignore_default_args=list(UNWANTED_SWITCHES),
            env=environment,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
            timeout=START_TIMEOUT_S * 1000,
        )
    except PlaywrightError as error:
        reason = next((line for line in error.message.splitlines() if "sandbox" in line.lower()), error.message.splitlines()[0])
        raise BrowserUnavailableError(f"Chromium ({executable}) did not start: {reason}") from error


class Chromium:
    """One running browser."""

    def __init__(self, browser: PlaywrightBrowser, options: BrowserOptions, gate: Gate) -> None:
        self._browser = browser
        self._options = options
        self._gate = gate
        self._interception: Interception | None = None

    @property
    def version(self) -> str:
        """Chromium's version."""
        return self._browser.version

    async def start(self) -> None:
        """Hold every request from now on; called by `launch`."""
        session = await self._browser.new_browser_cdp_session()
        self._interception = Interception(session, self._gate, offline=self._options.offline)
        await self._interception.start()

    @contextlib.asynccontextmanager
    async def browse(self, rules: TabRules, *, state: bytes | None = None) -> AsyncIterator["SignedInBrowser"]:
        """Open a signed-in state (an empty one without `state`); cookies and storage are gone when it ends."""
        if self._interception is None:
            raise BrowserUnavailableError("The browser was not started; use it inside `launch`.")
        stored = StoredState() if state is None else deserialise(state)
        async with contextlib.AsyncExitStack() as stack:
            try:
                lane = await stack.enter_async_context(
                    self._gate.lane(rules.judging, allow_private=rules.allow_private, told=self._interception.gate_told)
                )
            except GateLostError as error:
                raise BrowserLostError(error.message) from error
            context = await self._open(stored, rules, lane)
            try:
                yield SignedInBrowser(context, rules, self._interception, stored, lane)
            finally:
                with contextlib.suppress(PlaywrightError, TimeoutError):
                    await asyncio.wait_for(context.close(), CLOSE_TIMEOUT_S)

    async def _open(self, stored: StoredState, rules: TabRules, lane: Lane) -> BrowserContext:
        assert self._interception is not None, "who browses has looked"
        self._interception.restoring(+1)
        try:
            return await self._browser.new_context(**self._context_options(stored, rules), proxy=boundary.proxy(lane))
        finally:
            self._interception.restoring(-1)

    # Keyword arguments of very different types for Playwright: hence Any.
    def _context_options(self, stored: StoredState, rules: TabRules) -> dict[str, Any]:
        options = self._options
        return {
            "accept_downloads": False,
            "ignore_https_errors": False,
            "java_script_enabled": rules.scripts,
            "locale": options.locale,
            "timezone_id": options.timezone,
            "permissions": [],
            "service_workers": "block",
            "storage_state": stored.storage or None,
            "user_agent": options.user_agent or own_user_agent(self._browser.version),
            "viewport": {"width": options.width, "height": options.height},
        }


class SignedInBrowser:
    """A `crawl.ports.Browser`: tabs that share cookies and storage."""

    def __init__(self, context: BrowserContext, rules: TabRules, interception: Interception, stored: StoredState, lane: Lane) -> None:
        self._context = context
        self._lane = lane
        self._rules = rules
        self._interception = interception
        self._session_storage = dict(stored.session_storage)
        self._guard = AddressGuard(allow_private=rules.allow_private)
        self._windows = Windows(context, interception.session)
        self._insides: list[Inside] = []

    async def new_tab(self) -> BrowserTab:
        """Open a tab; it starts with the session storage of the tabs that are open, as a duplicated tab would."""
        return BrowserTab(self, await self.make())

    async def state(self) -> bytes:
        """Return cookies and storage, serialised; it is a secret."""
        await self._note_session_storage()
        self._interception.restoring(+1)
        try:
            # Playwright's own format, passed through unread: hence Any.
            storage: dict[str, Any] = dict(await self._context.storage_state(indexed_db=True))
        except PlaywrightError as error:
            raise _ended(error) from error
        finally:
            self._interception.restoring(-1)
        return serialise(StoredState(storage=storage, session_storage=self._session_storage))

    async def answers(self) -> bool:
        """Tell whether the browser is there and answers."""
        return await self._interception.answers(ANSWER_TIMEOUT_S)

    async def make(self) -> Inside:
        """Return a new, empty page that is listened to; raise `BrowserLostError` when the browser is gone."""
        await self._note_session_storage()
        try:
            return await self._furnish(await self._windows.open())
        except (PlaywrightError, TimeoutError) as error:
            raise _ended(error) from error

    async def _furnish(self, page: Page) -> Inside:
        session = await self._context.new_cdp_session(page)
        tree = await session.send("Page.getFrameTree")
        traffic = Traffic(self._rules, self._guard, self._lane, tree["frameTree"]["frame"]["id"])
        await Listening(page, session, traffic, frame_came=self._interception.frame_came).start()
        if self._session_storage:
            await page.add_init_script(f"({script('session_storage')})({_as_json(self._session_storage)})")
        self._interception.add(traffic)
        inside = Inside(page=page, session=session, traffic=traffic)
        self._insides.append(inside)
        return inside

    async def end(self, inside: Inside) -> None:
        """Close the page, however stuck it is, and stop listening to it."""
        await close(inside.page)
        self._insides = [each for each in self._insides if each is not inside]
        self._interception.remove(inside.traffic)

    async def _note_session_storage(self) -> None:
        """Read the session storage of the open tabs: applications that keep their session there know no cookie."""
        for inside in self._insides:
            with contextlib.suppress(PlaywrightError, TimeoutError):
                found = await asyncio.wait_for(inside.page.evaluate("() => [location.origin, {...sessionStorage}]"), CLOSE_TIMEOUT_S)
                if found[1]:
                    self._session_storage[found[0]] = found[1]


def own_user_agent(version: str) -> str:
    """Return the name that we go by: the browser's own, not told as headless (some pages then show another face), and ours."""
    major = version.partition(".")[0]
    ours = importlib.metadata.version("formscout-discovery")
    return f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36 Formscout/{ours}"


def _ended(error: PlaywrightError | TimeoutError) -> BrowserLostError:
    told = error.message.splitlines()[0] if isinstance(error, PlaywrightError) else "no window in time"
    return BrowserLostError(f"The browser ended by itself or does not answer: {told}")


def _as_json(value: dict[str, dict[str, str]]) -> str:
    return json.dumps(value)

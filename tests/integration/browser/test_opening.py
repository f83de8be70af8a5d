"""Opening an address ends in an outcome with a code, whatever the server or the page does."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from tests.support.misbehaving import MisbehavingSite

from formscout.domain.crawls import RequestVerdict
from formscout.domain.pages import VisitOutcome
from formscout_discovery.browser import tab as tab_module
from formscout_discovery.browser.options import TabRules
from formscout_discovery.browser.pool import Chromium
from formscout_discovery.browser.tab import BrowserTab


async def test_a_page_is_opened_and_settled(site: MisbehavingSite, tab: BrowserTab) -> None:
    arrival = await tab.open(site.at("plain"))
    assert (arrival.outcome, arrival.status, arrival.settled, arrival.address) == (VisitOutcome.OK, 200, True, site.at("plain"))
    assert tab.address == site.at("plain")


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/pages/nothing", VisitOutcome.HTTP_ERROR),
        ("/not-acceptable", VisitOutcome.HTTP_ERROR),
        ("/download", VisitOutcome.DOWNLOAD),
        ("/json", VisitOutcome.NOT_A_PAGE),
        ("/empty", VisitOutcome.NOT_A_PAGE),
        ("/off-site", VisitOutcome.LEFT_SCOPE),
        ("/off-site-twice", VisitOutcome.LEFT_SCOPE),
        ("/to-metadata", VisitOutcome.ADDRESS_REFUSED),
        ("/huge", VisitOutcome.TOO_LARGE),
        ("/huge-announced", VisitOutcome.TOO_LARGE),
        ("/pages/many", VisitOutcome.TOO_LARGE),
        ("/pages/alerts", VisitOutcome.DIALOG_LOOP),
    ],
)
async def test_what_is_no_page_has_its_own_outcome_and_the_tab_lives_on(
    site: MisbehavingSite, tab: BrowserTab, path: str, outcome: VisitOutcome
) -> None:
    began = time.monotonic()
    arrival = await tab.open(site.base + path)
    assert arrival.outcome is outcome
    assert arrival.sentence
    assert arrival.address == site.base + path
    assert time.monotonic() - began < 10
    after = await tab.open(site.at("plain"))
    assert after.outcome is VisitOutcome.OK
    assert (await tab.capture()).title == "Plain"


async def test_an_address_off_the_application_is_never_asked_for(site: MisbehavingSite, tab: BrowserTab) -> None:
    arrival = await tab.open(f"{site.base}/off-site")
    assert f"{site.other}/pages/plain" in arrival.routes
    assert site.arrived == [("GET", "/off-site")]


async def test_a_name_that_does_not_resolve_is_told(chromium: Chromium) -> None:
    async with chromium.browse(TabRules()) as browser:
        arrival = await (await browser.new_tab()).open("http://no-such-host.invalid/")
        assert arrival.outcome is VisitOutcome.ADDRESS_UNRESOLVED


async def test_a_refused_connection_is_told(chromium: Chromium) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    async with chromium.browse(TabRules(allow_private=True)) as free:
        arrival = await (await free.new_tab()).open(f"http://127.0.0.1:{port}/")
        assert arrival.outcome is VisitOutcome.UNREACHABLE


async def test_private_addresses_are_refused_unless_the_operator_allows_them(site: MisbehavingSite, chromium: Chromium) -> None:
    async with chromium.browse(TabRules()) as strict:
        arrival = await (await strict.new_tab()).open(site.at("plain"))
        assert arrival.outcome is VisitOutcome.ADDRESS_REFUSED
        assert site.arrived == []


async def test_metadata_services_are_refused_even_when_private_addresses_are_allowed(chromium: Chromium) -> None:
    async with chromium.browse(TabRules(allow_private=True)) as browser:
        tab = await browser.new_tab()
        assert (await tab.open("http://169.254.169.254/latest/meta-data/")).outcome is VisitOutcome.ADDRESS_REFUSED
        (held,) = tab.requests()
        assert held.verdict is RequestVerdict.HELD_BACK


async def test_a_server_that_does_not_answer_times_out(site: MisbehavingSite, tab: BrowserTab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tab_module, "OPEN_TIMEOUT_S", 1.0)
    assert (await tab.open(f"{site.base}/slow")).outcome is VisitOutcome.TIMEOUT
    assert (await tab.open(site.at("plain"))).outcome is VisitOutcome.OK


async def test_a_page_stuck_in_its_own_script_times_out_and_the_tab_lives_on(site: MisbehavingSite, tab: BrowserTab) -> None:
    assert (await tab.open(site.at("stuck"))).outcome is VisitOutcome.TIMEOUT
    assert (await tab.open(site.at("plain"))).outcome is VisitOutcome.OK


async def test_a_crash_of_the_renderer_is_told_and_the_tab_lives_on(site: MisbehavingSite, tab: BrowserTab) -> None:
    assert (await tab.open("chrome://crash")).outcome is VisitOutcome.CRASHED
    assert (await tab.open(site.at("plain"))).outcome is VisitOutcome.OK


async def test_a_few_dialogs_are_dismissed_and_forgotten(site: MisbehavingSite, tab: BrowserTab) -> None:
    arrival = await tab.open(site.at("three_alerts"))
    assert arrival.outcome is VisitOutcome.OK
    assert (await tab.capture()).title == "answered false"


@pytest.fixture
def certificate_of_nobody() -> Iterator[int]:
    """Answer TLS greetings with plain text: no certificate can come of it."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(1024)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nno TLS here")

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


async def test_a_connection_that_is_not_secure_is_told(chromium: Chromium, certificate_of_nobody: int) -> None:
    async with chromium.browse(TabRules(allow_private=True)) as browser:
        arrival = await (await browser.new_tab()).open(f"https://127.0.0.1:{certificate_of_nobody}/")
        assert arrival.outcome is VisitOutcome.CERTIFICATE_INVALID


async def test_leaving_a_page_that_asks_to_stay_is_accepted(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("unloading"))
    await tab.page.mouse.click(20, 20)
    await tab.page.keyboard.type("x")
    assert (await asyncio.wait_for(tab.open(site.at("plain")), 10)).outcome is VisitOutcome.OK

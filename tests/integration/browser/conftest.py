"""One Chromium and one playground for all browser tests, a fresh signed-in state and tab for each."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.playground import Playground, running_playground

from formscout_discovery.browser.options import BrowserOptions, TabRules
from formscout_discovery.browser.pool import Chromium, SignedInBrowser, launch
from formscout_discovery.browser.tab import BrowserTab


@pytest.fixture(scope="session")
def running() -> Iterator[Playground]:
    with running_playground() as site:
        yield site


@pytest.fixture
def site(running: Playground) -> Playground:
    running.forget()
    return running


def options(scratch: Path) -> BrowserOptions:
    return BrowserOptions(scratch=scratch, sandbox=os.geteuid() != 0)


@pytest.fixture(scope="session")
async def chromium(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chromium]:
    async with launch(options(tmp_path_factory.mktemp("scratch"))) as started:
        yield started


@pytest.fixture
async def browser(chromium: Chromium, site: Playground) -> AsyncIterator[SignedInBrowser]:
    async with chromium.browse(TabRules(allow_private=True, scope=lambda address: address.startswith(site.base))) as opened:
        yield opened


@pytest.fixture
async def tab(browser: SignedInBrowser) -> AsyncIterator[BrowserTab]:
    opened = await browser.new_tab()
    yield opened
    await opened.close()

"""A fresh signed-in state and tab for each browser test, in the one Chromium of the run."""

from collections.abc import AsyncIterator

import pytest
from tests.support.misbehaving import MisbehavingSite

from formscout_discovery.browser.options import TabRules
from formscout_discovery.browser.pool import Chromium, SignedInBrowser
from formscout_discovery.browser.tab import BrowserTab


@pytest.fixture
async def browser(chromium: Chromium, site: MisbehavingSite) -> AsyncIterator[SignedInBrowser]:
    async with chromium.browse(TabRules(allow_private=True, scope=lambda address: address.startswith(site.base))) as opened:
        yield opened


@pytest.fixture
async def tab(browser: SignedInBrowser) -> AsyncIterator[BrowserTab]:
    opened = await browser.new_tab()
    yield opened
    await opened.close()

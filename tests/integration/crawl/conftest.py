"""Whole slices in a real browser, their session's rows kept in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.support.misbehaving import MisbehavingSite
from tests.support.records import MemoryRecord

from formscout.domain.networks import Scope
from formscout_discovery.browser.options import NoTurns, TabRules
from formscout_discovery.browser.pool import Chromium
from formscout_discovery.crawl.engine import run_slice
from formscout_discovery.crawl.plan import SliceEnd, SlicePlan
from formscout_discovery.crawl.ports import Turns
from formscout_discovery.policy.scope import ScopeRules


def never() -> bool:
    return False


@dataclass
class Crawler:
    """Runs slices over a site."""

    chromium: Chromium
    states: list[bytes] = field(default_factory=list)  # what signed-in browsers left to keep

    async def __call__(
        self,
        record: MemoryRecord,
        base: str,
        *,
        below: str | None = None,
        stop: Callable[[], bool] = never,
        drop: Callable[[], bool] = never,
        turns: Turns | None = None,
        **plan: Any,
    ) -> SliceEnd:
        """Run a slice that stays below `below`, which is the base address unless given; `plan` are fields of `SlicePlan`."""
        scope = ScopeRules(base=base, scope=Scope(include=(below or base,), allow_private=True))

        async def keep(state: bytes) -> None:
            self.states.append(state)

        async with self.chromium.browse(TabRules(scope=scope.navigates, allow_private=True, turns=turns or NoTurns())) as browser:
            return await run_slice(record, browser, plan=SlicePlan(base=base, scope=scope, **plan), stop=stop, drop=drop, keep_state=keep)


@pytest.fixture
def crawl(chromium: Chromium) -> Crawler:
    return Crawler(chromium)


@pytest.fixture
def clinic(site: MisbehavingSite) -> str:
    """Return the address of the application whose forms are all known."""
    return f"{site.base}/clinic/"

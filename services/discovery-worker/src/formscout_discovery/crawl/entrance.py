"""The way in: the sign-in pages looked at as a stranger, then signed in."""

import re
from typing import Final

from formscout.domain.urls import normalise
from formscout_discovery.crawl.harvest import Harvest
from formscout_discovery.crawl.inspection import inspect
from formscout_discovery.crawl.links import Link, links_of
from formscout_discovery.crawl.plan import Slice
from formscout_discovery.crawl.ports import Tab
from formscout_discovery.crawl.replay import READABLE, opening
from formscout_discovery.crawl.sign_in import SIGN_IN_WORDS, find_sign_in, sign_in
from formscout_discovery.crawl.state import State, read_state

PAGES_LOOKED_AT: Final = 5
"""Beside the sign-in form a stranger finds password recovery, registration, another way to sign in: no more than that."""

TRIES: Final = 2
"""These pages are seen before signing in or never: one that did not open on a busy machine is worth a second try."""

_STRANGERS = re.compile(
    r"forgot|lost|recover|reset|passw|regist|sign[ _-]?up|create[ _-](?:an[ _-])?account|join|invit|activat|vergessen|oubli|inscri|olvid|"
    r"dimentic|vergeten|esquec|cadastr|забыл|регистр|忘记|注册|忘れ|登録",
    re.IGNORECASE,
)


async def enter(work: Slice, tab: Tab, harvest: Harvest) -> None:
    """Bring home the forms that only a stranger sees, then sign in; raises `CrawlError` when that does not work."""
    await work.record.say("Signing in…")
    state = await find_sign_in(work, tab)
    await _look(work, tab, state, harvest)
    seen = {state.key}
    for link in _for_strangers(work, state):
        work.stop()  # only to show that the work moves
        if len(seen) > PAGES_LOOKED_AT:
            break
        if normalise(link.address) in seen:
            continue
        seen.add(normalise(link.address))
        for _ in range(TRIES):
            if (await tab.open(link.address)).outcome in READABLE:
                await _look(work, tab, await read_state(tab), harvest)
                break
    await sign_in(work, tab)


async def _look(work: Slice, tab: Tab, state: State, harvest: Harvest) -> None:
    await inspect(work, tab, state, harvest, paths=((opening(state.snapshot.address),),))


def _for_strangers(work: Slice, state: State) -> list[Link]:
    return [
        link
        for link in links_of(state.snapshot)
        if link.hazard is None
        and work.plan.scope.navigates(link.address)
        and _STRANGERS.search(f"{link.label} {link.address.partition('?')[0]}")
        and not SIGN_IN_WORDS.fullmatch(link.label.strip())
    ]

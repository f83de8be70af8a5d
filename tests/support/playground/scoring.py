"""Runs cases one after the other in one browser, and prints found / present by group with the reasons of each failure."""

import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tests.support.playground.cases import Case
from tests.support.playground.crawling import crawl
from tests.support.playground.judging import Verdict, judge
from tests.support.playground.kit import PLAIN, Kit
from tests.support.playground.server import serving

from formscout_discovery.browser.options import BrowserOptions
from formscout_discovery.browser.pool import Chromium, launch
from formscout_discovery.crawl.ports import BrowserLostError

LOST_IN_A_ROW: Final = 2
"""Browsers that one case may kill; a busy machine kills one now and then, more is the case's doing."""


async def try_case(case: Case, chromium: Chromium, *, mode: str, seed: int = PLAIN) -> Verdict:
    """Serve the case, crawl it once and judge."""
    kit = Kit(seed)
    with serving([(case.write(kit), kit)]) as (running,):
        crawled = await crawl(running, chromium, mode=mode)
        return judge(case, running, crawled, mode=mode)


async def try_all(cases: Sequence[Case], *, modes: Iterable[str], seeds: Iterable[int]) -> AsyncIterator[Verdict]:
    """Yield a verdict for each case, mode and seed; one browser for all, and another when it dies."""
    wanted = [(case, mode, seed) for seed in seeds for mode in modes for case in cases if mode in case.write(Kit(seed)).modes]
    waiting = iter(wanted)
    lost = 0
    in_hand = next(waiting, None)
    while in_hand is not None:
        with tempfile.TemporaryDirectory(prefix="formscout-playground-") as scratch:
            # Chromium refuses its own sandbox to root.
            async with launch(BrowserOptions(scratch=Path(scratch), sandbox=os.geteuid() != 0)) as chromium:
                try:
                    while in_hand is not None:
                        case, mode, seed = in_hand
                        yield await try_case(case, chromium, mode=mode, seed=seed)
                        in_hand, lost = next(waiting, None), 0
                except BrowserLostError:
                    lost += 1
                    if lost > LOST_IN_A_ROW:
                        raise


def table(verdicts: Sequence[Verdict]) -> str:
    """Return found / present, passed / cases and cost by group, and mode where there are several."""
    rows = [
        f"{'group':<16}{'mode':<9}{'forms found':>12}{'cases passed':>14}{'harmed':>8}{'unbounded':>11}{'visits':>8}{'clicks':>8}{'s':>7}"
    ]
    keys = dict.fromkeys((one.case.group, one.mode) for one in verdicts)
    rows.extend(_row(group, mode, [one for one in verdicts if (one.case.group, one.mode) == (group, mode)]) for group, mode in keys)
    modes = dict.fromkeys(one.mode for one in verdicts)
    rows.extend(_row("all", mode, [one for one in verdicts if one.mode == mode]) for mode in modes)
    return "\n".join(rows)


def _row(group: str, mode: str, verdicts: Sequence[Verdict]) -> str:
    forms = f"{sum(one.found for one in verdicts)}/{sum(one.present for one in verdicts)}"
    passed = f"{sum(one.passed for one in verdicts)}/{len(verdicts)}"
    harmed, unbounded = (sum(any(why.startswith(word) for why in one.reasons) for one in verdicts) for word in ("harm", "unbounded"))
    visits, clicks = sum(one.visits for one in verdicts), sum(one.clicks for one in verdicts)
    seconds = sum(one.seconds for one in verdicts)
    return f"{group:<16}{mode:<9}{forms:>12}{passed:>14}{harmed:>8}{unbounded:>11}{visits:>8}{clicks:>8}{seconds:>7.0f}"


def line(verdict: Verdict) -> str:
    """Return a verdict as one line for people."""
    seed = f" seed {verdict.seed}" if verdict.seed != PLAIN else ""
    told = "ok" if verdict.passed else "; ".join(verdict.reasons)
    return f"{verdict.case.id} [{verdict.mode}{seed}] {verdict.found}/{verdict.present}: {told}"


def as_json(verdict: Verdict) -> str:
    """Return a verdict as one line for programs."""
    fields = asdict(verdict) | {"case": verdict.case.id, "title": verdict.case.title, "passed": verdict.passed}
    return json.dumps(fields, ensure_ascii=False)

"""Holds a crawl of a case against its truth: what was missed, made up, doubled, sent, or had no end."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from tests.support.playground.cases import OBSERVE, Case, Document, Truth
from tests.support.playground.crawling import Crawled
from tests.support.playground.server import READS, Running
from tests.support.scoring import FITTING, overlap

WHOLE: Final = 1.0


@dataclass(kw_only=True)
class Verdict:
    """How a case went; no reasons: as it should."""

    case: Case
    mode: str
    seed: int
    present: int = 0
    found: int = 0
    reasons: list[str] = field(default_factory=list)
    visits: int = 0
    clicks: int = 0
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.reasons


def judge(case: Case, running: Running, crawled: Crawled, *, mode: str) -> Verdict:
    """Return the verdict on one crawl."""
    verdict = Verdict(case=case, mode=mode, seed=running.kit.seed, visits=crawled.visits, clicks=crawled.clicks, seconds=crawled.seconds)
    _forms(verdict, running.site.forms, crawled.forms, mode)
    _harm(verdict, running, mode)
    _bounds(verdict, running, crawled)
    _listed(verdict, running, crawled)
    return verdict


def _forms(verdict: Verdict, truths: tuple[Truth, ...], reports: list[Document], mode: str) -> None:
    there = [truth for truth in truths if mode in truth.modes]
    spare = list(reports)
    for truth in sorted(there, key=lambda one: one.optional):
        fit = partial(overlap, truth.document())
        best = max(spare, key=fit, default=None)
        likeness = 0.0 if best is None else fit(best)
        verdict.present += not truth.optional
        if best is None or likeness < FITTING:
            if not truth.optional:
                verdict.reasons.append(f"missed: {truth.document()['id']}")
            continue
        spare.remove(best)
        if truth.optional:
            continue
        verdict.found += 1
        if truth.exact and likeness < WHOLE:
            verdict.reasons.append(f"fields: {truth.document()['id']} was read as {_shown(best)}")
        if best["verified"] != "verified":
            verdict.reasons.append(f"unverified ({best['why']}): {truth.document()['id']}")
    for report in spare:
        known = any(overlap(truth.document(), report) >= FITTING for truth in there)
        verdict.reasons.append(f"{'twice' if known else 'extra'}: {urlsplit(report['address']).path} {_shown(report)}")


def _shown(report: Document) -> str:
    return "(" + ", ".join(f"{one['name']}={one['label']}" for one in report["fields"]) + ")"


def _harm(verdict: Verdict, running: Running, mode: str) -> None:
    """Say which requests should not have arrived: what changes something, or too often, or a frame."""
    site = running.site
    for request, count in running.arrived.items():
        harmful = any(fnmatchcase(request, pattern) for pattern in site.harmful)
        writes = mode == OBSERVE and request.split()[0] not in READS and not any(fnmatchcase(request, one) for one in site.allowed)
        if harmful or writes:
            verdict.reasons.append(f"harm: {request} x{count}")
    for pattern, most in site.at_most.items():
        count = _count(running, pattern)
        if count > most:
            verdict.reasons.append(f"harm: {pattern} x{count}, at most {most}")
    for pattern, least in site.at_least.items():
        if _count(running, pattern) < least:
            verdict.reasons.append(f"not asked for: {pattern}")
    if running.frames and not site.frames_allowed and mode == OBSERVE:
        verdict.reasons.append(f"harm: {len(running.frames)} frames, the first {running.frames[0]!r}")


def _count(running: Running, pattern: str) -> int:
    return sum(count for request, count in running.arrived.items() if fnmatchcase(request, pattern))


def _bounds(verdict: Verdict, running: Running, crawled: Crawled) -> None:
    site = running.site
    if crawled.cut_off:
        verdict.reasons.append(f"unbounded: stopped after {crawled.seconds:.0f} s")
    if crawled.visits > site.most_visits:
        verdict.reasons.append(f"unbounded: {crawled.visits} visits, at most {site.most_visits}")
    if crawled.clicks > site.most_clicks:
        verdict.reasons.append(f"unbounded: {crawled.clicks} clicks, at most {site.most_clicks}")
    if crawled.failure != site.failure:
        verdict.reasons.append(f"ended: {crawled.failure or 'well'}, should be {site.failure or 'well'}")


def _listed(verdict: Verdict, running: Running, crawled: Crawled) -> None:
    """Say what the result does not tell: outcomes, requests held back, addresses left alone."""
    for path, outcome in running.site.outcomes.items():
        told = crawled.pages.get(running.base + path)
        if told != outcome:
            verdict.reasons.append(f"outcome: {path} {told}, should be {outcome}")
    told_of = {(name, f"{method} {urlsplit(address).path}") for name, method, address in crawled.requests}
    if verdict.mode == OBSERVE:
        verdict.reasons.extend(f"not listed as held back: {one}" for one in running.site.held if ("held_back", one) not in told_of)
    skipped = {target.partition(" ")[2] for name, target in told_of if name == "skipped"}
    verdict.reasons.extend(f"not listed as skipped: {path}" for path in running.site.skipped if path not in skipped)

"""Crawls a site as the discovery worker would, in a browser that many crawls share; the session's rows are kept in memory."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from tests.support.playground.cases import Document
from tests.support.playground.server import Running
from tests.support.records import KeptForm, MemoryRecord

from formscout.domain.crawls import CrawlMode, CrawlOptions, CrawlSession, CrawlState
from formscout.domain.errors import CrawlError
from formscout.domain.forms import FormDescription
from formscout.domain.ids import CompanyId, CrawlSessionId, NetworkId, ProductId, ProjectId, TaskId, UserId
from formscout.domain.networks import Credentials, Environment, Network, RobotsPolicy, Scope, SignIn, SignInKind
from formscout.usecases.slices import SliceStart
from formscout_analysis.pipeline import describe
from formscout_discovery.browser.options import NoTurns
from formscout_discovery.browser.pool import Chromium
from formscout_discovery.crawl.engine import run_slice
from formscout_discovery.crawl.plan import SliceEnd
from formscout_discovery.crawl.ports import BrowserLostError
from formscout_discovery.slices import plan_of, rules_of

SECONDS_OF_A_CASE: Final = 420.0
"""A crawl is told to stop then; the slowest takes a minute on a quiet machine."""

VISITS_MORE: Final = 15
"""Visits that a crawl may have beyond what its case allows: then it is ended and called unbounded."""


@dataclass(kw_only=True)
class Crawled:
    """What a crawl of a case brought home, as an inventory has it, and what it cost."""

    forms: list[Document] = field(default_factory=list)
    visits: int = 0
    clicks: int = 0
    seconds: float = 0.0
    stopped: str = ""  # how the session's slice ended; empty: it failed
    failure: str | None = None
    pages: dict[str, str] = field(default_factory=dict)  # address: outcome
    requests: list[tuple[str, str, str]] = field(default_factory=list)  # verdict, method, address
    cut_off: bool = False  # its time was over


async def crawl(running: Running, chromium: Chromium, *, mode: str) -> Crawled:
    """Crawl the site to the end of its frontier."""
    begun = time.monotonic()
    site = running.site
    start = _start(running, mode)
    credentials = _credentials(running)
    plan = plan_of(start, credentials, signed_in=False)
    record = MemoryRecord.starting_at(running.start, max_pages=site.most_visits + VISITS_MORE)
    crawled = Crawled()
    end: SliceEnd | None = None
    try:
        async with chromium.browse(rules_of(start, plan, NoTurns())) as browser:
            end = await run_slice(record, browser, plan=plan, stop=_stop_after(begun, crawled), keep_state=_forget)
    except CrawlError as error:
        crawled.failure = str(error.reason)
    except BrowserLostError:
        raise  # says nothing about the case: whoever started the browser starts another
    except Exception as error:  # noqa: BLE001 (the door of a case: one that breaks the engine is a finding, not the end of the run)
        crawled.failure = f"{type(error).__name__}: {error}"
    crawled.seconds = time.monotonic() - begun
    _read(record, crawled)
    if end is not None:
        crawled.stopped, crawled.clicks = end.stop.value, end.clicks
    return crawled


def _start(running: Running, mode: str) -> SliceStart:
    """Return what a slice of a session over the site starts from, as the worker would read it from the rows."""
    site, account, now = running.site, running.site.account, datetime.now(UTC)
    sign_in = SignIn()
    if account is not None:
        way = account.sign_in_path and running.base + account.sign_in_path
        sign_in = SignIn(kind=SignInKind.PASSWORD, username=account.user, sign_in_url=way, has_totp=account.totp is not None)
    network = Network(
        id=NetworkId(1),
        company_id=CompanyId(1),
        project_id=ProjectId(1),
        name="Playground",
        base_url=running.start,
        environment=Environment(site.environment),
        scope=Scope(allow_private=True, allow_requests=tuple(running.base + path for path in site.allow_requests)),
        sign_in=sign_in,
        created_at=now,
    )
    session = CrawlSession(
        id=CrawlSessionId(1),
        task_id=TaskId(UUID(int=1)),
        company_id=CompanyId(1),
        project_id=ProjectId(1),
        network_id=NetworkId(1),
        user_id=UserId(1),
        product_id=ProductId(1),
        state=CrawlState.RUNNING,
        options=CrawlOptions(max_pages=site.most_visits + VISITS_MORE, mode=CrawlMode(mode), robots=RobotsPolicy(site.robots)),
        progress=0,
        sentence="",
        pages_found=0,
        forms_found=0,
        visits=0,
        clicks=0,
        attempt=1,
        cancel_requested=False,
        stopped_because=None,
        failure=None,
        created_at=now,
        started_at=now,
        ended_at=None,
        heartbeat_at=now,
        version=1,
    )
    return SliceStart(session=session, network=network, credentials=None, browser_state=None)


def _credentials(running: Running) -> Credentials | None:
    account = running.site.account
    return None if account is None else Credentials(password=account.tells or account.password, totp_secret=account.totp)


def _stop_after(begun: float, crawled: Crawled) -> Callable[[], bool]:
    def stop() -> bool:
        crawled.cut_off = crawled.cut_off or time.monotonic() - begun > SECONDS_OF_A_CASE
        return crawled.cut_off

    return stop


async def _forget(_state: bytes) -> None:
    """Keep nothing: a session of the playground has one slice, so nobody needs the browser's state."""


def _read(record: MemoryRecord, crawled: Crawled) -> None:
    crawled.visits = len(record.reports)
    crawled.pages = {report.address or key: report.outcome.value for key, report in record.reports.items()}
    crawled.requests = [(one.verdict.value, one.method, one.address) for one in record.requests]
    crawled.forms = [_document(record, kept) for kept in record.forms.values()]


def _document(record: MemoryRecord, kept: KeptForm) -> Document:
    """Return a form as an inventory has it: the snapshot described."""
    described = next(iter(describe(record.snapshots[kept.page.snapshot.key], [kept.form.root])), None)
    return {
        "title": kept.form.title,
        "address": kept.form.address,
        "addresses": kept.addresses,
        "steps": len(kept.page.path),
        "verified": kept.page.verification.status.value,
        "why": kept.page.verification.code,
        "instances": kept.instances,
        "fields": [] if described is None else _fields(described),
    }


def _fields(form: FormDescription) -> list[dict[str, Any]]:  # Any: JSON
    return [
        {"name": one.reading.name, "label": one.reading.label, "type": one.reading.type, "required": one.reading.required}
        for one in form.fields
        if one.semantic_type != "honeypot"
    ]

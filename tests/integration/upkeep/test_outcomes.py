"""What came of jobs and sessions is counted from their rows, each once, whoever leads."""

from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry
from tests.support import workers
from tests.support.sessions import add_jobs, ask, execute
from tests.support.tenants import Tenant

from formscout.domain.jobs import JobKind, NewJob
from formscout.storage.database import Database
from formscout.telemetry import metrics
from formscout.telemetry.instruments import Component, go_live
from formscout.usecases.jobs import reconcile
from formscout_scheduler.outcomes import Outcomes, size_of


@pytest.fixture
def figures() -> Iterator[CollectorRegistry]:
    registry = CollectorRegistry()
    go_live(Component.SCHEDULER, registry)
    yield registry
    go_live(Component.SCHEDULER, CollectorRegistry())


class Lead:
    """Whether this replica leads, as the test says."""

    def __init__(self) -> None:
        self.held = True


@pytest.fixture
def lead() -> Lead:
    return Lead()


@pytest.fixture
def outcomes(database: Database, lead: Lead, figures: CollectorRegistry) -> Outcomes:
    del figures
    return Outcomes(database=database, leads=lambda: lead.held, settle_seconds=0)


def ended(figures: CollectorRegistry, **labels: str) -> float | None:
    return figures.get_sample_value("formscout_ended_jobs_total", labels)


async def test_a_session_that_succeeds_is_counted_once(
    outcomes: Outcomes, database: Database, tenant: Tenant, figures: CollectorRegistry
) -> None:
    await ask(database, tenant)
    await workers.run_session(database)
    await outcomes.look()
    assert figures.get_sample_value("formscout_session_start_seconds_count") == 0, "what ended before this leader led is no news"

    await ask(database, tenant, force=True)
    await workers.run_session(database)
    await execute(
        database, "UPDATE crawl_session SET created_at = started_at - interval '20 seconds' WHERE id = (SELECT max(id) FROM crawl_session)"
    )
    for _ in range(2):
        await outcomes.look()
    assert figures.get_sample_value("formscout_session_start_seconds_count") == 1
    assert figures.get_sample_value("formscout_session_start_seconds_bucket", {"le": "15.0"}) == 0
    assert figures.get_sample_value("formscout_session_start_seconds_bucket", {"le": "30.0"}) == 1
    assert figures.get_sample_value("formscout_session_seconds_count", {"size": "small"}) == 1
    assert figures.get_sample_value("formscout_session_seconds_bucket", {"size": "small", "le": "15.0"}) == 0
    assert ended(figures, queue="discovery", state="succeeded", code="none") == 1


async def test_who_does_not_lead_counts_nothing_and_begins_anew(
    outcomes: Outcomes, lead: Lead, database: Database, tenant: Tenant, figures: CollectorRegistry
) -> None:
    await outcomes.look()
    lead.held = False
    await ask(database, tenant)
    await workers.run_session(database)
    await outcomes.look()
    lead.held = True
    await outcomes.look()
    assert ended(figures, queue="discovery", state="succeeded", code="none") is None, "the other leader counted it"


async def test_leases_that_run_out_and_jobs_set_aside_are_counted_by_queue(
    outcomes: Outcomes, database: Database, figures: CollectorRegistry
) -> None:
    outcomes.prepare()
    await outcomes.look()
    assert figures.get_sample_value("formscout_session_seconds_count", {"size": "large"}) == 0
    assert ended(figures, queue="budget", state="set_aside", code="attempts_exhausted") == 0
    await add_jobs(database, NewJob(kind=JobKind.RESET_BUDGETS))
    await execute(database, "UPDATE job SET state = 'running', attempts = 4, lease_until = now() - interval '1 second'")
    await reconcile(database)
    await outcomes.look()
    assert figures.get_sample_value("formscout_expired_leases_total", {"queue": "budget"}) == 1
    assert ended(figures, queue="budget", state="set_aside", code="attempts_exhausted") == 1


async def test_a_store_that_is_away_is_counted(figures: CollectorRegistry) -> None:
    away = Database.connect("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Exception, match="PostgreSQL"):
        await away.ping()
    await away.close()
    assert figures.get_sample_value("formscout_store_failures_total", {"store": metrics.Store.POSTGRESQL}) == 1


@pytest.mark.parametrize(
    ("visits", "size"), [(0, "small"), (50, "small"), (51, "medium"), (250, "medium"), (251, "large"), (5000, "large")]
)
def test_a_session_is_as_large_as_its_visits(visits: int, size: str) -> None:
    assert size_of(visits) == size

"""PostgreSQL is restarted, cut off, away or full: what was committed stands, the rest is done again."""

import time

import httpx
import pytest
from tests.support.chaos_platform import Platform
from tests.support.chaos_runs import Result, Run
from tests.support.stores import until

KEPT = "what was read is written by new connections: no page is begun again"
AGAIN = "the pages in hand are begun again once, the rest goes on"

DOWN_SECONDS = 60
FULL_SECONDS = 10

FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;

CREATE TRIGGER disk_full BEFORE INSERT ON crawl_session EXECUTE FUNCTION disk_full();

CREATE TRIGGER disk_full BEFORE INSERT ON visit EXECUTE FUNCTION disk_full();

CREATE TRIGGER disk_full BEFORE INSERT ON job EXECUTE FUNCTION disk_full();

CREATE TRIGGER disk_full BEFORE INSERT ON session_event EXECUTE FUNCTION disk_full()
"""
"""The server's own error of a full disk, on whatever would take space; updates in place still find room."""


def test_it_is_restarted(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(3)
    with run.fault("PostgreSQL restarted", AGAIN):
        platform.postgres.stop()
        platform.postgres.start()
    run.keeps_its_promises(undisturbed)


@pytest.mark.quick
def test_its_connections_are_cut(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(3)
    with run.fault("all connections to PostgreSQL cut", KEPT):
        platform.proxies["postgres"].cut()
        platform.proxies["api-postgres"].cut()
    run.keeps_its_promises(undisturbed, begun_again=0)


def test_it_is_down_for_a_minute(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(3)
    with run.fault("PostgreSQL down for a minute", AGAIN + "; the API says 503 and when to come again"):
        platform.body(1)  # its network is made while there is a database
        platform.postgres.stop()
        refused = _ask(platform)
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True), refused.text
        time.sleep(DOWN_SECONDS)
        platform.postgres.start()
    run.keeps_its_promises(undisturbed)


def test_it_swallows_packets(platform: Platform, run: Run, undisturbed: Result) -> None:
    """Connections stay open, nothing passes: whoever waits must give up by its own clock before its lease ends."""
    run.until_visits(3)
    with run.fault("the network between workers and PostgreSQL swallows packets for a minute", AGAIN):
        platform.proxies["postgres"].freeze()
        time.sleep(DOWN_SECONDS)
        platform.proxies["postgres"].restore()
        platform.proxies["postgres"].cut()  # by then TCP itself would have given up
    run.keeps_its_promises(undisturbed)


def test_its_disk_is_full(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(3)
    with run.fault("PostgreSQL's disk full for 10 s", AGAIN + "; the API says 503, not 500"):
        for statement in FULL.split(";\n\n"):
            platform.execute(statement)
        refused = _ask(platform)
        time.sleep(FULL_SECONDS)
        platform.execute("DROP FUNCTION disk_full CASCADE")
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True), refused.text
    run.keeps_its_promises(undisturbed)


def _ask(platform: Platform) -> httpx.Response:
    """Ask for a discovery of another, tiny application."""
    until(lambda: platform.services["api"].alive, "the API lives")
    with platform.client(timeout=60) as api:
        return api.post("/api/crawl/discover-forms", json=platform.body(1))

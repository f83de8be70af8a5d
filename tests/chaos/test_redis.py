"""Redis is cut off, restarted, emptied, full or away, and its messages come thrice or never: rows are the truth."""

import json
import time

import pytest
from tests.chaos.conftest import Begin
from tests.support.chaos_platform import DISCOVERY, Platform
from tests.support.chaos_runs import DESCRIBED, Result, Run
from tests.support.stores import until

NOTHING = "messages are nudges: nothing is lost, no page is begun again"

OUTAGE_SECONDS = 600
FULL_SECONDS = 20
COPIES = 3

QUEUED = "SELECT count(*) FROM crawl_session WHERE state = 'queued'"


def test_all_clients_are_cut(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(2)
    with run.fault("TCP cut of all Redis clients", NOTHING):
        platform.proxies["redis"].cut()
    run.keeps_its_promises(undisturbed)


def test_it_is_restarted(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(2)
    with run.fault("Redis restarted", NOTHING):
        platform.redis.stop()
        platform.redis.start()
    run.keeps_its_promises(undisturbed)


@pytest.mark.quick
def test_it_is_emptied(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(2)
    with run.fault("Redis flushed", NOTHING):
        platform.broker.flushall()
    run.keeps_its_promises(undisturbed)


def test_it_is_out_of_memory(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(2)
    with run.fault("Redis out of memory (noeviction) for 20 s", NOTHING + "; 202 still answers"):
        platform.broker.config_set("maxmemory", 1)
        _accepts(platform, seconds=FULL_SECONDS)
        platform.broker.config_set("maxmemory", 0)
    run.keeps_its_promises(undisturbed)


def test_it_is_down_for_ten_minutes(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(2)
    with run.fault("Redis down for ten minutes", "202 answers all the while, and what it accepted is done afterwards"):
        platform.redis.stop()
        _accepts(platform, seconds=OUTAGE_SECONDS)
        platform.redis.start()
    until(lambda: platform.value(QUEUED) == 0, "what was accepted meanwhile is taken up")
    run.keeps_its_promises(undisturbed)


def _accepts(platform: Platform, *, seconds: float) -> None:
    """Ask for discoveries of another, tiny application for so long; each is accepted."""
    end = time.monotonic() + seconds
    with platform.client() as api:
        while time.monotonic() < end:
            assert api.post("/api/crawl/discover-forms", json=platform.body(1)).status_code == 202
            time.sleep(1)


def test_a_message_is_delivered_three_times(platform: Platform, run: Run, undisturbed: Result) -> None:
    """As the transport does after its visibility timeout; another worker stands ready to take what it is told."""
    run.until_visits(2)
    with (
        platform.beside("discovery-2", DISCOVERY),
        run.fault("a message delivered three more times while its slice runs", "each costs one look: nothing is done twice"),
    ):
        held = platform.broker.hvals("unacked:discovery")
        message = json.dumps(json.loads(held[0])[0])
        platform.broker.lpush("discovery", *[message] * COPIES)
        until(lambda: platform.broker.llen("discovery") == 0, "they are taken")
        platform.services["discovery-2"].stop()
    run.keeps_its_promises(undisturbed)


def test_a_message_is_lost_after_it_was_popped(platform: Platform, undisturbed: Result, begin_run: Begin) -> None:
    """The store popped it, its answer never reached the worker: Celery alone loses the task here."""
    sprung = platform.proxies["redis"].lose_answer(b"BRPOP", holding=b"discover_form_pages_task")
    run = begin_run()
    with run.fault("a slice's message lost after BRPOP", "the row still waits, so it is rung for again"):
        until(sprung.is_set, "it is popped and lost")
    run.keeps_its_promises(undisturbed)


def test_a_message_of_an_analysis_is_lost_after_it_was_popped(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(1)
    with run.fault("an analysis's message lost after BRPOP", "the row still waits, so it is rung for again", measure=DESCRIBED):
        until(platform.proxies["redis"].lose_answer(b"BRPOP", holding=b"analyze_form_details_task").is_set, "it is popped and lost")
    run.keeps_its_promises(undisturbed)

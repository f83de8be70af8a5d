"""Messages: what they name, how many there should be, and who is there to take them."""

import json
from datetime import UTC, datetime

import pytest

from formscout.domain.ids import CompanyId, CrawlSessionId, FormPageId, JobId, SubscriptionId
from formscout.domain.jobs import QUEUE_OF, Job, JobKind, JobState, Queue
from formscout.queueing.app import create_app
from formscout.queueing.dispatch import missing_messages
from formscout.queueing.messages import QUEUE_OF_TASK, TASK_OF, hint
from formscout.queueing.presence import FORGOTTEN_SECONDS, GONE_SECONDS, Worker, forgotten, present
from formscout.queueing.queues import RULES, UNROUTED, transport_options

NOW = 1_800_000_000.0


def job(kind: JobKind) -> Job:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Job(
        id=JobId(1),
        kind=kind,
        queue=QUEUE_OF[kind],
        state=JobState.QUEUED,
        company_id=CompanyId(2),
        session_id=CrawlSessionId(3),
        form_page_id=FormPageId(4),
        subscription_id=SubscriptionId(5),
        fence=0,
        attempts=0,
        cancel_requested=False,
        available_at=moment,
        created_at=moment,
        lease_until=None,
        heartbeat_at=None,
        worker=None,
        error_code=None,
        error=None,
        trace_parent=None,
        trace_link=None,
    )


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (JobKind.DISCOVER_SLICE, [3, 2]),
        (JobKind.ANALYZE_FORM_PAGE, [4, 2]),
        (JobKind.CHECK_BUDGET, [5]),
        (JobKind.RESET_BUDGETS, []),
    ],
)
def test_a_message_names_what_its_job_is_about(kind: JobKind, arguments: list[int]) -> None:
    assert hint(job(kind)) == arguments


def test_every_kind_of_job_has_a_task_on_its_own_queue() -> None:
    assert {kind: QUEUE_OF_TASK[TASK_OF[kind]] for kind in JobKind} == QUEUE_OF


@pytest.mark.parametrize(
    ("runnable", "in_list", "bound", "missing"),
    [(0, 0, 20, 0), (3, 0, 20, 3), (3, 2, 20, 1), (3, 9, 20, 0), (500, 0, 20, 20), (500, 20, 20, 0), (500, 30, 20, 0), (1, 0, 0, 0)],
)
def test_the_list_is_topped_up_to_what_is_runnable_within_the_bound(runnable: int, in_list: int, bound: int, missing: int) -> None:
    assert missing_messages(runnable=runnable, in_list=in_list, bound=bound) == missing


def said(queue: str, *, slots: int = 1, ago: float = 0) -> bytes:
    return json.dumps({"queue": queue, "slots": slots, "at": NOW - ago}).encode()


def test_workers_are_present_while_they_speak() -> None:
    entries = {b"b": said("analysis", slots=4), b"a": said("discovery", ago=GONE_SECONDS), b"gone": said("budget", ago=GONE_SECONDS + 1)}
    assert present(entries, now=NOW) == [
        Worker(name="a", queue=Queue.DISCOVERY, slots=1),
        Worker(name="b", queue=Queue.ANALYSIS, slots=4),
    ]


def test_words_of_another_release_count_as_nothing() -> None:
    entries = {b"a": b"not json", b"b": b"{}", b"c": said("thinking"), b"d": b"[]", b"e": said("budget")}
    assert [worker.name for worker in present(entries, now=NOW)] == ["e"]


def test_workers_killed_long_ago_are_forgotten() -> None:
    entries = {b"old": said("budget", ago=FORGOTTEN_SECONDS + 1), b"gone": said("budget", ago=60), b"odd": b"not json"}
    assert forgotten(entries, now=NOW) == [b"old"]


@pytest.mark.parametrize("queue", Queue)
def test_each_queue_has_its_own_in_flight_keys(queue: Queue) -> None:
    options = transport_options(queue)
    assert options["unacked_key"] == f"unacked:{queue}"
    assert options["unacked_index_key"] == f"unacked_index:{queue}"
    assert options["visibility_timeout"] == RULES[queue].visibility_timeout


@pytest.mark.parametrize("queue", [None, *Queue])
def test_the_application_acknowledges_late_and_keeps_no_results(queue: Queue | None) -> None:
    settings = create_app("test", "redis://localhost:1/0", queue=queue).conf
    assert (settings.task_acks_late, settings.task_reject_on_worker_lost, settings.worker_prefetch_multiplier) == (True, True, 1)
    assert settings.task_ignore_result
    assert settings.result_backend is None
    assert settings.accept_content == ["json"]
    assert not settings.task_create_missing_queues
    assert settings.task_default_queue == UNROUTED
    assert {queue.name for queue in settings.task_queues} == {*Queue, UNROUTED}
    assert not settings.worker_cancel_long_running_tasks_on_connection_loss
    assert settings.task_time_limit == (RULES[queue].time_limit if queue else None)

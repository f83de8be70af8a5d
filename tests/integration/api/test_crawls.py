"""Asking for a discovery, following it and cancelling it over HTTP."""

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from tests.support import workers
from tests.support.api import Client, running, settings_for
from tests.support.tenants import Tenant

from formscout.domain.crawls import CrawlState
from formscout.domain.jobs import Failed, Queue
from formscout.queueing import presence
from formscout.storage.database import Database
from formscout.usecases.jobs import finish_job


async def ask(client: httpx.AsyncClient, tenant: Tenant, **more: Any) -> httpx.Response:  # Any: a body's fields
    return await client.post("/api/crawl/discover-forms", json={**tenant.discovery, **more})


async def test_a_discovery_is_accepted_with_all_that_is_needed_to_follow_it(member: httpx.AsyncClient, tenant: Tenant) -> None:
    answer = await ask(member, tenant)
    assert answer.status_code == 202
    assert answer.headers["retry-after"] == "2"
    body = answer.json()
    task = str(UUID(body["task_id"]))
    assert body == {
        "session_id": 1,
        "task_id": task,
        "status": "queued",
        "message": body["message"],
        "status_url": f"/api/crawl/status/{task}",
        "events_url": f"/api/crawl/events/{task}",
        "cancel_url": f"/api/crawl/cancel/{task}",
    }
    assert answer.headers["location"] == body["status_url"]
    assert "accepted" in body["message"]
    status = (await member.get(body["status_url"])).json()
    assert status == {
        "task_id": task,
        "session_id": 1,
        "state": "PENDING",
        "progress": 0,
        "status": "Waiting for a worker…",
        "result": None,
        "pages_found": 0,
        "forms_found": 0,
        "attempt": 0,
        "slices_running": 0,
        "queue_position": 1,
        "estimated_wait_seconds": None,
        "heartbeat_at": None,
        "error": None,
    }


async def test_a_second_request_joins_the_running_session_unless_it_is_forced(member: httpx.AsyncClient, tenant: Tenant) -> None:
    first = (await ask(member, tenant)).json()
    second = (await ask(member, tenant)).json()
    assert (second["session_id"], second["task_id"]) == (first["session_id"], first["task_id"])
    assert "Joined" in second["message"]
    forced = (await ask(member, tenant, force=True)).json()
    assert forced["session_id"] != first["session_id"]
    assert (await member.get(forced["status_url"])).json()["queue_position"] == 2


async def test_requests_at_the_same_moment_make_one_session(member: httpx.AsyncClient, tenant: Tenant) -> None:
    answers = await asyncio.gather(*(ask(member, tenant) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["session_id"] for answer in answers}) == 1


async def test_the_options_of_a_request_are_kept(member: httpx.AsyncClient, tenant: Tenant) -> None:
    answer = await ask(member, tenant, max_pages=5, max_minutes=2, max_slices=3, robots="obey")
    session = (await member.get(f"/api/sessions/{answer.json()['session_id']}")).json()
    assert session["options"] == {"max_pages": 5, "max_minutes": 2, "max_slices": 3, "mode": "observe", "robots": "obey"}


async def test_a_discovery_is_followed_to_its_end(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    url = (await ask(member, tenant)).json()["status_url"]
    taken = await workers.begin(database)
    started = (await member.get(url)).json()
    assert (started["state"], started["attempt"], started["slices_running"], started["queue_position"]) == ("PROGRESS", 1, 1, None)
    assert started["heartbeat_at"] is not None
    await workers.visit(database, taken, titles=["Sign in"], links=["https://app.example.com/a"])
    visiting = (await member.get(url)).json()
    assert visiting["status"].startswith("Visiting pages…")
    await workers.visit(database, taken)
    await workers.end(database, taken)
    analyzing = (await member.get(url)).json()
    assert analyzing["status"].startswith("Analyzing forms…")
    assert started["progress"] < visiting["progress"] <= analyzing["progress"] < 100
    await workers.describe(database)
    done = (await member.get(url)).json()
    assert (done["state"], done["progress"]) == ("SUCCESS", 100)
    assert done["result"] == {"status": "success", "pages_found": 1, "forms_found": 1}


async def test_a_failure_names_its_code(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    url = (await ask(member, tenant)).json()["status_url"]
    taken = await workers.begin(database)
    await finish_job(database, taken, Failed(code="sign_in_failed", message="The password was not taken."))
    failed = (await member.get(url)).json()
    assert failed["state"] == "FAILURE"
    assert failed["error"] == {"code": "sign_in_failed", "message": "The password was not taken."}
    assert failed["result"]["status"] == "failed"


async def test_an_unchanged_status_is_not_sent_again(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    url = (await ask(member, tenant)).json()["status_url"]
    etag = (await member.get(url)).headers["etag"]
    same = await member.get(url, headers={"If-None-Match": etag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    await workers.begin(database)
    changed = await member.get(url, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


async def test_a_waiting_discovery_is_cancelled_at_once_and_again_changes_nothing(member: httpx.AsyncClient, tenant: Tenant) -> None:
    accepted = (await ask(member, tenant)).json()
    for _ in range(2):
        cancelled = await member.post(accepted["cancel_url"])
        assert cancelled.status_code == 200
        assert cancelled.json()["state"] == "REVOKED"
    status = (await member.get(accepted["status_url"])).json()
    assert (status["state"], status["result"]["status"]) == ("REVOKED", "cancelled")
    assert (await ask(member, tenant)).json()["session_id"] != accepted["session_id"], "a cancelled session is not joined"


async def test_a_running_discovery_is_cancelled_after_the_visit_in_hand(
    member: httpx.AsyncClient,
    tenant: Tenant,
    database: Database,
) -> None:
    accepted = (await ask(member, tenant)).json()
    taken = await workers.begin(database)
    assert (await member.post(accepted["cancel_url"])).json()["state"] == "PROGRESS"
    await workers.end(database, taken)
    assert (await member.get(accepted["status_url"])).json()["state"] == "REVOKED"


@pytest.mark.parametrize("noun", ["project", "network", "user", "company", "product"])
async def test_ids_that_are_another_company_s_or_nobody_s_are_not_there(
    member: httpx.AsyncClient,
    tenant: Tenant,
    stranger: Tenant,
    noun: str,
) -> None:
    field = f"{noun}_id"
    for wrong in (stranger.discovery[field], 987654321):
        refused = await member.post("/api/crawl/discover-forms", json={**tenant.discovery, field: wrong})
        assert refused.status_code == 404
        assert str(wrong) in refused.json()["detail"]


async def test_a_network_without_an_address_says_how_to_give_it_one(
    admin: httpx.AsyncClient,
    tenant: Tenant,
) -> None:
    network = (await admin.post("/api/networks", json={"project_id": tenant.project.id, "name": "Later"})).json()
    refused = await ask(admin, tenant, network_id=network["id"])
    assert refused.status_code == 422
    assert refused.json()["type"] == "urn:formscout:problem:network_without_address"
    assert f"/api/networks/{network['id']}" in refused.json()["detail"]


async def test_an_inactive_subscription_admits_nothing(
    operator: httpx.AsyncClient,
    member: httpx.AsyncClient,
    tenant: Tenant,
) -> None:
    await operator.patch(f"/api/subscriptions/{tenant.subscription.id}", json={"active": False})
    assert (await ask(member, tenant)).status_code == 404


async def test_unknown_tasks_are_404_whatever_they_look_like(member: httpx.AsyncClient) -> None:
    for task in (str(uuid4()), "1", "nonsense", "%00"):
        for method, path in (("GET", "status"), ("GET", "events"), ("POST", "cancel")):
            refused = await member.request(method, f"/api/crawl/{path}/{task}")
            assert refused.status_code == 404
            assert refused.json()["type"] == "urn:formscout:problem:not_found"


async def test_a_discovery_is_accepted_and_followed_while_redis_is_down(database: Database, database_url: str, tenant: Tenant) -> None:
    async with running(settings_for(database_url, "redis://127.0.0.1:1/0")) as clients:
        client = clients(tenant.member_key)
        accepted = await ask(client, tenant)
        assert accepted.status_code == 202
        await workers.run_session(database)
        assert (await client.get(accepted.json()["status_url"])).json()["state"] == "SUCCESS"


async def test_queue_stats_show_own_tasks_and_everybody_s_counts(
    *,
    member: httpx.AsyncClient,
    operator: httpx.AsyncClient,
    clients: Client,
    tenant: Tenant,
    stranger: Tenant,
    database: Database,
) -> None:
    session_id = (await ask(member, tenant)).json()["session_id"]
    await workers.begin(database)
    other = clients(stranger.member_key)
    await ask(other, stranger)
    own = (await member.get("/api/crawl/queue-stats")).json()
    assert [task["session_id"] for task in own["active_tasks"]["test@host"]] == [session_id]
    assert own["active_tasks"]["test@host"][0]["name"] == "discover_form_pages_task"
    assert (own["reserved_tasks"], own["scheduled_tasks"]) == ({}, {})
    discovery = own["queues"]["discovery"]
    assert (discovery["waiting"], discovery["in_flight"], discovery["delayed"], discovery["workers_busy"]) == (1, 1, 0, 1)
    assert discovery["wait_p50"] >= 0
    assert set(own["queues"]) == {"discovery", "analysis", "budget"}
    others = (await other.get("/api/crawl/queue-stats")).json()
    assert others["active_tasks"] == {}
    assert len(others["reserved_tasks"]["unassigned"]) == 1
    assert others["queues"]["discovery"]["in_flight"] == 1
    everything = (await operator.get("/api/crawl/queue-stats")).json()
    assert (len(everything["active_tasks"]), len(everything["reserved_tasks"])) == (1, 1)


async def test_queue_stats_count_the_workers_that_are_there(
    *,
    member: httpx.AsyncClient,
    tenant: Tenant,
    database: Database,
    database_url: str,
    redis_url: str,
) -> None:
    client = presence.connect(redis_url)
    client.delete(presence.WORKERS_KEY)
    now = time.time()
    for name, queue, slots, at in (("a@x", "discovery", 1, now), ("b@x", "discovery", 2, now), ("c@x", "analysis", 4, now - 60)):
        presence.announce(client, name, queue=Queue(queue), slots=slots, now=at)
    await ask(member, tenant)
    await workers.begin(database)
    queues = (await member.get("/api/crawl/queue-stats")).json()["queues"]
    names = ("workers_present", "workers_ready", "workers_busy")
    assert [queues["discovery"][name] for name in names] == [2, 2, 1]
    assert [queues["analysis"][name] for name in names] == [0, 0, 0], "it has been silent for a minute"
    client.delete(presence.WORKERS_KEY)
    client.close()
    async with running(settings_for(database_url, "redis://127.0.0.1:1/0")) as clients:
        queues = (await clients(tenant.member_key).get("/api/crawl/queue-stats")).json()["queues"]
    assert [queues["discovery"][name] for name in names] == [None, None, 1]
    assert queues["discovery"]["in_flight"] == 1


async def test_a_task_that_waits_for_later_is_scheduled(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    await ask(member, tenant)
    async with database.begin() as connection:
        await connection.execute(text("UPDATE job SET available_at = now() + interval '1 hour'"))
    stats = (await member.get("/api/crawl/queue-stats")).json()
    assert len(stats["scheduled_tasks"]["unassigned"]) == 1
    assert stats["queues"]["discovery"]["delayed"] == 1


async def read_events(client: httpx.AsyncClient, url: str, **headers: str) -> list[dict[str, str]]:
    """Read a stream to its end; returns each event's fields."""
    answer = await asyncio.wait_for(client.get(url, headers=headers), timeout=20)
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [block for block in answer.text.replace("\r\n", "\n").split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


async def test_events_come_while_it_runs_and_end_once(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    url = (await ask(member, tenant)).json()["events_url"]
    following = asyncio.create_task(read_events(member, url))
    await asyncio.sleep(0.1)
    await workers.run_session(database)
    events = await following
    assert [event["id"] for event in events] == [str(number) for number in range(1, len(events) + 1)]
    assert [event["event"] for event in events].count("ended") == 1
    assert events[-1]["event"] == "ended"
    assert CrawlState.SUCCEEDED in events[-1]["data"]
    assert "visit" in [event["event"] for event in events]


async def test_events_go_on_after_the_last_one_seen_and_then_there_are_no_more(
    member: httpx.AsyncClient,
    tenant: Tenant,
    database: Database,
) -> None:
    url = (await ask(member, tenant)).json()["events_url"]
    await workers.run_session(database)
    events = await read_events(member, url)
    rest = await read_events(member, url, **{"Last-Event-ID": events[0]["id"]})
    assert rest == events[1:]
    quiet = await member.get(url, headers={"Last-Event-ID": events[-1]["id"]})
    assert quiet.status_code == 204
    assert await read_events(member, url, **{"Last-Event-ID": "nonsense"}) == events

"""Flower as we run it: it shows the queues and their tasks to whoever has the password, and changes nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from redis import Redis
from tests.support.processes import START_SECONDS, Service, Start, running, worker_arguments

from formscout.domain.jobs import Queue
from formscout.local.directory import DataDirectory
from formscout.local.ports import free_port
from formscout.local.services import FLOWER_USER, Layout, services
from formscout.queueing.app import create_app
from formscout.queueing.messages import HINTS, QUEUE_OF_TASK

PASSWORD = "geheim"
WORKERS = {
    Queue.DISCOVERY: "formscout_discovery.worker",
    Queue.ANALYSIS: "formscout_analysis.worker",
    Queue.BUDGET: "formscout_scheduler.worker",
}

CONTROLS = (
    *("worker/shutdown/{worker}", "worker/pool/restart/{worker}", "worker/pool/grow/{worker}?n=1", "worker/pool/shrink/{worker}?n=1"),
    *("worker/pool/autoscale/{worker}?min=1&max=2", "worker/queue/add-consumer/{worker}?queue=unrouted"),
    *("worker/queue/cancel-consumer/{worker}?queue=budget", "task/revoke/{task}?terminate=true", "task/abort/{task}"),
    *("task/timeout/check_budget_task?workername={worker}&hard=1", "task/rate-limit/check_budget_task?workername={worker}&ratelimit=1"),
    *("task/apply/check_budget_task", "task/async-apply/check_budget_task", "task/send-task/check_budget_task"),
)
"""Whatever of Flower's routes changes something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flower:
    """A Flower that runs, and how to ask it."""

    service: Service
    url: str

    def client(self, password: str | None = PASSWORD) -> httpx.Client:
        """Return a client with this password, or without."""
        login = None if password is None else httpx.BasicAuth(FLOWER_USER, password)
        return httpx.Client(base_url=self.url, auth=login, timeout=START_SECONDS)


@pytest.fixture(scope="module")
def flower(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flower]:
    """Start Flower as the embedded platform does."""
    with Redis.from_url(redis_url) as client:
        client.flushall()
    tmp_path = tmp_path_factory.mktemp("flower")
    port = free_port()
    layout = Layout(
        directory=DataDirectory(path=tmp_path),
        database_url="postgresql://not-needed",
        redis_url=redis_url,
        encryption_keys="not-needed",
        api_port=free_port(),
        flower_port=port,
        flower_password=PASSWORD,
    )
    (spec,) = [spec for spec in services(layout, {}) if spec.name == "flower"]
    _python, _m, *arguments = spec.argv
    with running(arguments, spec.environment, log=tmp_path / "flower.log") as service:
        found = Flower(service=service, url=f"http://127.0.0.1:{port}")
        with found.client() as client:
            until(lambda: client.get("/healthcheck").text == "OK", service)
        yield found


@pytest.fixture
def workers(start: Start, flower: Flower) -> list[Service]:
    """Start a worker of each queue, after Flower, so that it hears of them."""
    del flower
    found = []
    for queue, module in WORKERS.items():  # one after the other, so that none waits for the others' start
        worker = start(*worker_arguments(module, str(queue)), "-n", f"{queue}@here")
        until(lambda worker=worker: " ready" in worker.said, worker)  # type: ignore[misc] # mypy knows no such lambda
        found.append(worker)
    return found


def until(holds: Callable[[], bool], *services: Service) -> None:
    """Wait until a condition holds, while the processes live."""
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            if holds():
                return
        except httpx.TransportError:
            pass
        assert all(service.alive for service in services), [service.story for service in services]
        assert time.monotonic() < ends, [service.story for service in services]
        time.sleep(0.2)


def names(client: httpx.Client) -> set[str]:
    """Return the names of the workers that Flower knows all of."""
    found = client.get("/api/workers", params={"refresh": "true"}).json()
    return {name for name, told in found.items() if told.get("active_queues")}


def test_it_shows_queues_and_tasks_by_their_names_and_changes_nothing(flower: Flower, workers: list[Service], redis_url: str) -> None:
    with flower.client() as client:
        until(lambda: names(client) == {f"{queue}@here" for queue in Queue}, *workers)
        lengths = client.get("/api/queues/length").json()["active_queues"]
        assert [one["name"] for one in lengths] == sorted(Queue)
        assert all(queue in client.get("/broker").text for queue in Queue)
        app = create_app("test-flower", redis_url, queue=None)
        for task, queue in QUEUE_OF_TASK.items():  # there is no job, so each is acknowledged at once
            app.send_task(task, args=[1] * len(HINTS[task]), queue=str(queue))
        app.close()

        def seen() -> dict[str, str]:
            return {one["name"]: one["state"] for one in client.get("/api/tasks").json().values()}

        until(lambda: seen() == dict.fromkeys(QUEUE_OF_TASK, "SUCCESS"), *workers)
        assert set(QUEUE_OF_TASK) <= set(client.get("/api/task/types").json()["task-types"])
        told = client.get("/metrics", auth=None).text
        assert all(f'task="{task}",type="task-succeeded"' in told for task in QUEUE_OF_TASK)
        task = next(iter(client.get("/api/tasks").json()))
        refused = {path: client.post(f"/api/{path.format(worker='budget@here', task=task)}", json={}).status_code for path in CONTROLS}
        assert set(refused.values()) == {403}, refused
    assert all(worker.alive for worker in workers)


@pytest.mark.parametrize("password", [None, "wrong"])
def test_nobody_sees_anything_without_the_password(flower: Flower, password: str | None) -> None:
    with flower.client(password) as client:
        for path in ("/", "/workers", "/tasks", "/broker", "/api/workers", "/api/tasks", "/api/queues/length", "/api/task/types"):
            assert client.get(path).status_code == 401, path
        assert {client.post(f"/api/{path.format(worker='budget@here', task='1')}").status_code for path in CONTROLS} <= {401, 403}
        assert client.get("/healthcheck").status_code == 200

"""What happens on the observed platform: a discovery of the demo application, followed and told by webhook, beside some that fail."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx
from tests.support.observed import WAIT_SECONDS, Observed, until
from tests.support.receivers import answering, receiving
from tests.support.sessions import add_jobs

from formscout.domain.jobs import JobKind, NewJob
from formscout.local.ports import free_port

ENDED: Final = frozenset({"SUCCESS", "FAILURE", "REVOKED"})

PAGES: Final = 15
"""Of the demo application's, in the order in which a discovery takes them: some twenty seconds on two processors."""

DESCRIBED: Final = "sum(formscout_forms_described_total)"
FAILED: Final = 'sum(formscout_job_ends_total{queue="discovery", outcome="failed"})'
KEPT_UP: Final = 'sum(formscout_job_ends_total{queue="budget"})'


def run(observed: Observed) -> dict[str, Any]:  # Any: JSON
    """Run it to its end, and until Prometheus knows all of it; return how the discovery of the demo stands."""
    with observed.loop.within(receiving(answering(204))) as receiver:
        company = observed.registration.company_id
        # What an installation without a public receiver meets: nobody listens there, so the attempt fails and is made again later.
        for address in (receiver.address(), f"http://127.0.0.1:{free_port()}/"):
            observed.api.post("/api/webhooks", json={"company_id": company, "address": address}).raise_for_status()
        _be_refused(observed)
        demo = observed.discover(max_pages=PAGES)
        network = _network_that_is_away(observed)
        nowhere = observed.discover(network_id=network)
        _keep_up(observed, 1)
        with _followed(observed, demo):
            _wait_for_ends(observed, demo, nowhere)
        # Prometheus tells a counter's growth from the second time on at which it sees it.
        _wait_for_figure(observed, FAILED, 1)
        _keep_up(observed, 2)
        _wait_for_ends(observed, observed.discover(network_id=network))
        _wait_for_figure(observed, FAILED, 2)
        observed.loop.call(receiver.wait_for(1))
        status = observed.status(demo)
        _wait_for_figure(observed, DESCRIBED, status["result"]["forms_found"])
    return status


def _keep_up(observed: Observed, jobs: int) -> None:
    """Have jobs of upkeep done, and so many of them by now."""
    observed.loop.call(add_jobs(observed.database, NewJob(kind=JobKind.RESET_BUDGETS)))
    _wait_for_figure(observed, KEPT_UP, jobs)


def _wait_for_ends(observed: Observed, *discoveries: Mapping[str, Any]) -> None:  # Any: JSON
    until(lambda: all(observed.status(one)["state"] in ENDED for one in discoveries), "they end", why=observed.story)


def _wait_for_figure(observed: Observed, expression: str, least: float) -> None:
    until(lambda: any(one.value >= least for one in observed.query(expression)), f"{expression} is {least}", why=observed.story)


def _be_refused(observed: Observed) -> None:
    """Ask for what there is not, and without a key."""
    assert observed.api.get("/api/sessions/4711").status_code == httpx.codes.NOT_FOUND
    assert observed.api.get("/wp-login.php").status_code == httpx.codes.NOT_FOUND
    answer = httpx.get(f"{observed.layout.url}/api/networks/1", trust_env=False, timeout=30)
    assert answer.status_code == httpx.codes.UNAUTHORIZED


def _network_that_is_away(observed: Observed) -> int:
    body = {
        "project_id": observed.registration.project_id,
        "name": "Away",
        "base_url": f"http://127.0.0.1:{free_port()}/",
        "scope": {"allow_private": True},
    }
    made: int = observed.api.post("/api/networks", json=body).raise_for_status().json()["id"]
    return made


@contextmanager
def _followed(observed: Observed, accepted: Mapping[str, Any]) -> Iterator[None]:  # Any: JSON
    """Read a discovery's events meanwhile, as a user's console does."""

    def follow() -> None:
        url = f"{observed.layout.url}{accepted['events_url']}"
        # Longer than any pause between two events.
        with httpx.stream("GET", url, headers=observed.api.headers, timeout=WAIT_SECONDS, trust_env=False) as answer:
            for _ in answer.iter_bytes():
                pass

    thread = threading.Thread(target=follow, name="follows the discovery", daemon=True)
    thread.start()
    yield
    thread.join()

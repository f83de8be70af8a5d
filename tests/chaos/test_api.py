"""The API dies in the middle of a request: the client asks again, and there is one discovery."""

import threading
from uuid import uuid4

import httpx
import pytest
from tests.chaos.conftest import PAGES, Begin
from tests.support import orchard
from tests.support.chaos_platform import Platform
from tests.support.chaos_runs import Result
from tests.support.stores import until

SESSIONS = "SELECT count(*) FROM crawl_session WHERE network_id = :network AND id > :before"


@pytest.mark.parametrize("committed", [pytest.param(True, marks=pytest.mark.quick), False], ids=["committed", "not committed"])
def test_it_is_killed_in_the_middle_of_a_request(platform: Platform, undisturbed: Result, begin_run: Begin, *, committed: bool) -> None:
    way = platform.proxies["api-postgres"]
    network = platform.body(PAGES)["network_id"]
    before = platform.value("SELECT coalesce(max(id), 0) FROM crawl_session")
    began = len(orchard.read_log(platform.access_log))
    key = {"Idempotency-Key": str(uuid4())}
    sprung = (way.lose_answer if committed else way.keep_request)(b"COMMIT", after=key["Idempotency-Key"].encode())
    client = threading.Thread(target=_ask_in_vain, args=(platform, key), name="client")
    client.start()
    until(sprung.is_set, "the request is in the middle")
    platform.services["api"].kill()
    client.join()
    way.restore()
    until(
        lambda: platform.value(SESSIONS, network=network, before=before) == int(committed), "what was committed stands, the rest is undone"
    )
    platform.replace("api")
    until(platform.ready, "the API is ready")
    run = begin_run(headers=key, began=began)
    with run.fault(
        f"kill -9 of the API mid-request, {'after' if committed else 'before'} the commit", "asked again, there is one discovery"
    ):
        assert platform.value(SESSIONS, network=network, before=before) == 1
    run.keeps_its_promises(undisturbed)


def _ask_in_vain(platform: Platform, headers: dict[str, str]) -> None:
    with platform.client() as api, pytest.raises(httpx.HTTPError):
        api.post("/api/crawl/discover-forms", json=platform.body(PAGES), headers=headers).raise_for_status()

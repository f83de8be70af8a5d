"""The gate alone: what a browser's requests meet on their way, with real servers behind it."""

import asyncio
import contextlib
import ipaddress
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import psutil
import pytest
from tests.support.misbehaving import MisbehavingSite
from tests.support.tls import Authority, in_front_of

from formscout.domain.crawls import RequestVerdict
from formscout.security.addresses import IPAddress, Resolve, resolve_by_system
from formscout_discovery.gate.answers import TOLD_BY
from formscout_discovery.gate.credentials import Credentials, upstream_context
from formscout_discovery.gate.exchange import serve
from formscout_discovery.gate.lane import GateParts
from formscout_discovery.gate.lane import Lane as LaneInside
from formscout_discovery.gate.messages import Judged
from formscout_discovery.gate.process import Gate, GateLostError, Lane, running_gate
from formscout_discovery.policy.requests import JudgeSettings

MEGABYTE = 1024 * 1024
WAIT_S = 60.0


@contextlib.asynccontextmanager
async def through(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that sends everything through the gate and believes whatever key it shows."""
    async with httpx.AsyncClient(proxy=address, verify=False, timeout=WAIT_S, trust_env=False) as client:  # noqa: S501 (the browser's part)
        yield client


@pytest.fixture
async def client(lane: Lane) -> AsyncIterator[httpx.AsyncClient]:
    async with through(lane.address) as opened:
        yield opened


async def test_a_read_passes_and_one_connection_serves_many(site: MisbehavingSite, client: httpx.AsyncClient) -> None:
    for _ in range(3):
        answer = await client.get(site.at("plain"))
        assert (answer.status_code, TOLD_BY in answer.headers) == (200, False)
        assert "<title>Plain</title>" in answer.text
    assert (await client.head(site.at("plain"))).status_code == 200
    assert (await client.get(site.base + "/who?a=b&c=")).status_code == 200
    assert site.reads("/pages/plain") == 3


async def test_what_may_change_something_is_held_back_and_told(
    site: MisbehavingSite, client: httpx.AsyncClient, judged: list[Judged]
) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await client.request(method, f"{site.base}/thing", content=b"x", headers={"Origin": "https://app.example"})
        assert answer.status_code == 403
        assert answer.headers[TOLD_BY] == "held-back"
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert answer.headers["access-control-allow-credentials"] == "true"
    assert site.writes() == []
    async with asyncio.timeout(WAIT_S):
        while len(judged) < 4:  # noqa: ASYNC110 (the gate's word comes by a pipe)
            await asyncio.sleep(0.01)
    assert {(each.verdict, each.method, each.url) for each in judged} == {
        (RequestVerdict.HELD_BACK, method, f"{site.base}/thing") for method in ("POST", "PUT", "PATCH", "DELETE")
    }


async def test_a_form_that_is_held_back_leaves_the_page_as_it_stands(site: MisbehavingSite, client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{site.base}/thing", data={"a": "b"}, headers={"Upgrade-Insecure-Requests": "1"})
    assert answer.status_code == 204
    assert site.writes() == []


async def test_a_large_body_is_held_back_without_being_kept(site: MisbehavingSite, client: httpx.AsyncClient, gate: Gate) -> None:
    await client.post(f"{site.base}/thing", content=b"x" * MEGABYTE)
    before = psutil.Process(gate.pid).memory_info().rss
    answer = await client.post(f"{site.base}/thing", content=b"x" * (32 * MEGABYTE))
    assert answer.status_code == 403
    assert psutil.Process(gate.pid).memory_info().rss - before < 8 * MEGABYTE
    assert site.writes() == []


async def test_what_says_that_it_only_reads_passes(site: MisbehavingSite, client: httpx.AsyncClient) -> None:
    assert (await client.post(f"{site.base}/graphql", json={"query": "query { items { id } }"})).status_code == 200
    assert (await client.post(f"{site.base}/graphql", json={"query": "mutation { remove }"})).status_code == 403
    assert (await client.request("PROPFIND", f"{site.base}/dav")).status_code == 200
    assert [path for path in site.writes() if path != "/dav"] == ["/graphql"]


async def test_what_a_tab_permits_passes_once_and_only_as_the_tab_saw_it(
    site: MisbehavingSite, client: httpx.AsyncClient, lane: Lane
) -> None:
    await lane.permit("POST", f"{site.base}/thing", b"seen")
    assert (await client.post(f"{site.base}/thing", content=b"other")).status_code == 403
    assert (await client.post(f"{site.base}/else", content=b"seen")).status_code == 403
    assert (await client.post(f"{site.base}/thing", content=b"seen")).status_code == 200
    assert (await client.post(f"{site.base}/thing", content=b"seen")).status_code == 403
    assert site.writes() == ["/thing"]


async def test_a_large_body_that_a_tab_permits_is_passed_on_whole(site: MisbehavingSite, client: httpx.AsyncClient, lane: Lane) -> None:
    await lane.permit("POST", f"{site.base}/thing", None)
    assert (await client.post(f"{site.base}/thing", content=b"x" * (3 * MEGABYTE))).status_code == 200
    assert site.writes() == ["/thing"]


async def test_what_the_network_allows_passes(site: MisbehavingSite, gate: Gate, judged: list[Judged]) -> None:
    rules = JudgeSettings(allow_requests=(f"{site.base}/thing",))
    async with gate.lane(rules, allow_private=True, told=judged.append) as lane, through(lane.address) as client:
        assert (await client.post(f"{site.base}/thing")).status_code == 200
        assert (await client.post(f"{site.base}/other")).status_code == 403


async def test_private_addresses_are_refused_and_metadata_always_on_every_redirect(
    site: MisbehavingSite, gate: Gate, client: httpx.AsyncClient, judged: list[Judged]
) -> None:
    async with gate.lane(JudgeSettings(), allow_private=False, told=judged.append) as strict, through(strict.address) as guarded:
        answer = await guarded.get(site.at("plain"))
        assert (answer.status_code, answer.headers[TOLD_BY]) == (502, "refused")
    assert site.arrived == []
    for answer in (
        await client.get("http://169.254.169.254/latest/meta-data/"),
        await client.get(f"{site.base}/to-metadata", follow_redirects=True),
        await client.get("https://169.254.169.254/latest/meta-data/"),
    ):
        assert (answer.status_code, answer.headers[TOLD_BY]) == (502, "refused")
    assert {each.reason for each in judged} == {"refused by the outbound guard"}


async def test_the_gate_leads_to_no_gate(gate: Gate, client: httpx.AsyncClient, lane: Lane) -> None:
    for port in (lane.port, int(gate.closed_address.rsplit(":", 1)[1])):
        assert (await client.get(f"http://127.0.0.1:{port}/")).headers[TOLD_BY] == "refused"


async def test_the_lane_of_the_browser_itself_lets_nothing_pass(site: MisbehavingSite, gate: Gate) -> None:
    async with through(gate.closed_address) as client:
        assert (await client.get(site.at("plain"))).status_code == 403
        with pytest.raises(httpx.ProxyError):
            await client.get(site.at("plain").replace("http:", "https:"))
    assert site.arrived == []


@contextlib.asynccontextmanager
async def lane_with(resolve: Resolve, *, allow_private: bool) -> AsyncIterator[LaneInside]:
    """Run a lane in this process, with a name server of the test's own."""
    parts = GateParts(credentials=Credentials(), resolve=resolve, context=upstream_context(None), tell=lambda _: None)
    lane = LaneInside(parts, JudgeSettings(), allow_private=allow_private)
    await lane.listen(serve)
    try:
        yield lane
    finally:
        await lane.close()


async def test_a_name_is_looked_up_once_and_what_was_judged_is_connected_to(site: MisbehavingSite) -> None:
    asked: list[str] = []

    async def rebinding(host: str) -> Sequence[IPAddress]:
        """Lead to a public address first, to this machine ever after."""
        asked.append(host)
        return [ipaddress.ip_address("192.0.2.1" if len(asked) == 1 else "127.0.0.1")]

    async with lane_with(rebinding, allow_private=False) as lane, through(f"http://127.0.0.1:{lane.port}") as client:
        first = await client.get(f"http://rebinding.example:{site.port}/pages/plain")
        assert first.headers[TOLD_BY] == "refused", "192.0.2.1 is kept for documents"
        second = await client.get(f"http://rebinding.example:{site.port}/pages/plain")
        assert second.headers[TOLD_BY] == "refused"
    assert site.arrived == []
    assert len(asked) == 2

    async def turning(_host: str) -> Sequence[IPAddress]:
        """Lead to this machine first, to the metadata service ever after."""
        asked.append("turning")
        return [ipaddress.ip_address("127.0.0.1" if asked.count("turning") == 1 else "169.254.169.254")]

    async with lane_with(turning, allow_private=True) as lane, through(f"http://127.0.0.1:{lane.port}") as client:
        assert (await client.get(f"http://turning.example:{site.port}/pages/plain")).status_code == 200
        assert asked.count("turning") == 1, "judged and connected to by one look-up"
        assert (await client.post(f"http://turning.example:{site.port}/graphql", json={"query": "{a}"})).headers[TOLD_BY] == "refused"


async def test_names_and_ports_that_lead_nowhere_are_told(client: httpx.AsyncClient) -> None:
    assert (await client.get("http://no-such-host.invalid/")).headers[TOLD_BY] == "unresolved"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert (await client.get(f"http://127.0.0.1:{port}/")).headers[TOLD_BY] == "unreachable"
    assert (await client.get(f"https://127.0.0.1:{port}/")).headers[TOLD_BY] == "unreachable"


async def test_certificates_of_servers_are_verified(
    site: MisbehavingSite, client: httpx.AsyncClient, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority.make(tmp_path, "stranger")
    with in_front_of(site.port, authority.server("127.0.0.1")) as port:
        assert (await client.get(f"https://127.0.0.1:{port}/pages/plain")).status_code == 200
        assert (await client.post(f"https://127.0.0.1:{port}/thing", content=b"x")).status_code == 403
    site.forget()
    for context in (authority.server("other.example"), stranger.server("127.0.0.1")):
        with in_front_of(site.port, context) as port, pytest.raises(httpx.TransportError):
            await client.get(f"https://127.0.0.1:{port}/pages/plain")
    assert site.arrived == []


async def test_fifty_megabytes_pass_piece_by_piece(site: MisbehavingSite, client: httpx.AsyncClient, gate: Gate) -> None:
    await client.get(site.at("plain"))
    process = psutil.Process(gate.pid)
    before = greatest = process.memory_info().rss
    size = 0
    async with client.stream("GET", f"{site.base}/huge") as answer:
        async for piece in answer.aiter_raw(MEGABYTE):
            size += len(piece)
            greatest = max(greatest, process.memory_info().rss)
            if size > 50 * MEGABYTE:
                break
    assert size > 50 * MEGABYTE
    assert greatest - before < 8 * MEGABYTE


@contextlib.asynccontextmanager
async def server_that_says(*answers: bytes) -> AsyncIterator[str]:
    """Serve each connection with one answer, the last one ever again, and end it."""
    left = list(answers)

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(left.pop(0) if len(left) > 1 else left[0])
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_a_server_that_speaks_no_http_is_told_and_one_that_breaks_off_breaks_off(client: httpx.AsyncClient) -> None:
    async with server_that_says(b"SSH-2.0-OpenSSH_9\r\n") as address:
        assert (await client.get(address)).headers[TOLD_BY] == "invalid"
    async with server_that_says(b"") as address:
        assert (await client.get(address)).headers[TOLD_BY] == "invalid"
    async with server_that_says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf") as address:
        with pytest.raises(httpx.TransportError):
            await client.get(address)


async def test_a_connection_that_the_server_ended_meanwhile_costs_no_read(client: httpx.AsyncClient) -> None:
    async with server_that_says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as address:
        for _ in range(5):
            assert (await client.get(address)).text == "ok"


async def test_a_server_cannot_speak_for_the_gate(client: httpx.AsyncClient) -> None:
    async with server_that_says(b"HTTP/1.1 200 OK\r\nX-Formscout-Gate: refused\r\nContent-Length: 2\r\n\r\nok") as address:
        assert TOLD_BY not in (await client.get(address)).headers


async def test_what_nobody_waits_for_any_more_is_not_asked_on(gate: Gate, lane: Lane) -> None:
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass
        ended.set()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server, through(lane.address) as client:
        asked = asyncio.ensure_future(client.get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/news"))
        await asyncio.sleep(0.2)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await asyncio.wait_for(ended.wait(), WAIT_S)
    assert not gate.is_lost


async def test_a_gate_that_dies_takes_everything_with_it_and_says_so(site: MisbehavingSite) -> None:
    async with running_gate() as gate:  # noqa: SIM117 (the lane ends after what is below)
        async with gate.lane(JudgeSettings(), allow_private=True, told=lambda _: None) as lane, through(lane.address) as client:
            assert (await client.get(site.at("plain"))).status_code == 200
            os.kill(gate.pid, signal.SIGKILL)
            with pytest.raises(GateLostError):
                await lane.permit("POST", f"{site.base}/thing", None)
            assert gate.is_lost
            with pytest.raises(httpx.TransportError):
                await client.get(site.at("plain"))
    assert len(site.arrived) == 1


WORKER = """
import asyncio
from formscout_discovery.gate.process import running_gate

async def main() -> None:
    async with running_gate() as gate:
        print(gate.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_the_gate_ends_with_its_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMSCOUT_SECRET_KEY", "only-ours")
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    gate = psutil.Process(int(await worker.stdout.readline()))
    assert "FORMSCOUT_SECRET_KEY" not in gate.environ()
    worker.kill()
    await worker.wait()
    await asyncio.to_thread(psutil.wait_procs, [gate], timeout=WAIT_S)
    assert not gate.is_running() or gate.status() == psutil.STATUS_ZOMBIE


async def test_names_are_looked_up_as_the_system_does() -> None:
    async with lane_with(resolve_by_system, allow_private=True) as lane, through(f"http://127.0.0.1:{lane.port}") as client:
        assert (await client.get("http://localhost:1/")).headers[TOLD_BY] == "unreachable"

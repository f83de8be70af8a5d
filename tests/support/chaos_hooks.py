"""A receiver of webhooks beside a platform that is broken, and what must be true of all that it was to be told."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.chaos_platform import Platform
from tests.support.chaos_runs import Run
from tests.support.proxy import Proxy
from tests.support.receivers import Receiver, answering, receiving
from tests.support.stores import until

DELIVERED: Final = "SELECT count(*) FROM webhook_delivery WHERE state = 'delivered' AND :id > 0"

LONG_SECONDS: Final = 30
"""A pause before a retry that no test waits for: the schedule goes from 5 s to 5 min."""


@dataclass(kw_only=True)
class Hook:
    """A webhook of the company whose discoveries are disturbed, and its receiver."""

    platform: Platform
    id: int
    secret: str
    receiver: Receiver
    way: Proxy  # to the receiver
    payloads: dict[str, str] = field(default_factory=dict)  # of what the API said that it sends, by the event's id

    def send(self, count: int) -> None:
        """Have so many events sent."""
        for _ in range(count):
            sent = self.platform.ask("POST", f"/api/webhooks/{self.id}/test").json()
            self.payloads[sent["event_id"]] = sent["payload"]

    @property
    def deliveries(self) -> list[dict[str, Any]]:  # Any: JSON
        """What the API tells of each delivery."""
        found: list[dict[str, Any]] = self.platform.ask("GET", f"/api/webhooks/{self.id}/deliveries", params={"limit": 100}).json()["items"]
        return found

    def until_tried(self) -> None:
        """Wait until what came of an attempt stands beside each delivery."""
        until(lambda: all(one["history"] for one in self.deliveries), "each was tried", why=self.diagnosis)

    def send_again_what_waits_long(self) -> None:
        """Do what an operator does once a receiver is back: retries that would come in minutes come now."""
        waits = (
            "SELECT id FROM webhook_delivery WHERE endpoint_id = :id AND state = 'waiting' AND next_at > now() + make_interval(secs => :s)"
        )
        for (one,) in self.platform.rows(waits, id=self.id, s=LONG_SECONDS):
            self.platform.ask("POST", f"/api/webhooks/{self.id}/deliveries/{one}/redeliver")

    def keeps_its_promises(self, run: Run) -> None:
        """Check that each event has arrived, the end of the session too: signed, and under one id always the same."""
        until(lambda: all(one["state"] == "delivered" for one in self.deliveries), "all is delivered", why=self.diagnosis)
        payloads = {one["event_id"]: one["payload"] for one in self.deliveries}
        ends = [told for told in map(json.loads, payloads.values()) if told["type"] == "session.succeeded"]
        assert [told["data"]["session_id"] for told in ends] == [run.session_id], ends
        assert payloads.items() >= self.payloads.items(), "what the API said stands"
        assert len(payloads) == len(self.payloads) + 1, payloads
        arrived: dict[str, set[str]] = defaultdict(set)
        for one in self.receiver.arrived:
            assert one.is_signed(self.secret), one
            arrived[one.event_id].add(one.body.decode())
        assert arrived == {event_id: {payload} for event_id, payload in payloads.items()}
        for fault in run.faults:
            fault.seen += f"; {len(payloads)} events in {len(self.receiver.arrived)} requests"

    def diagnosis(self) -> str:
        """Return what a person wants to see of deliveries that went wrong."""
        return json.dumps([{name: one[name] for name in ("event_id", "state", "history")} for one in self.deliveries])


@contextmanager
def running_hook(platform: Platform) -> Iterator[Hook]:
    """Run a receiver and tell the platform of it for as long as the block runs."""
    with platform.loop.within(receiving(answering(204))) as receiver:
        way = Proxy(platform.loop, ("127.0.0.1", receiver.port))
        made = platform.ask("POST", "/api/webhooks", json={"address": f"http://127.0.0.1:{way.port}/hooks"}).json()
        try:
            yield Hook(platform=platform, id=made["id"], secret=made["secret"], receiver=receiver, way=way)
        finally:
            platform.ask("DELETE", f"/api/webhooks/{made['id']}")
            way.close()


class Gate:
    """Lets answers of a receiver wait until it is opened."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._opened = platform.loop.call(_new_event())
        self.waiting = 0

    async def hold(self, writer: asyncio.StreamWriter) -> None:
        """Answer 204 as soon as the gate is open."""
        self.waiting += 1
        await self._opened.wait()
        await answering(204)(writer)

    def open(self) -> None:
        """Let all answers go."""
        self._platform.loop.call(self._open())

    async def _open(self) -> None:
        self._opened.set()


async def _new_event() -> asyncio.Event:
    return asyncio.Event()

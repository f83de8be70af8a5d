"""The gate's process: does what the worker orders by lines on standard input, and ends when the worker does."""

import argparse
import asyncio
import sys
from pathlib import Path

from formscout.security.outbound import SystemResolver
from formscout_discovery.gate.credentials import Credentials, upstream_context
from formscout_discovery.gate.exchange import serve
from formscout_discovery.gate.lane import GateParts, Lane
from formscout_discovery.gate.messages import Close, Done, Open, Order, Permit, Ready, Report, line_of, orders


def main() -> None:
    """Run the gate."""
    parser = argparse.ArgumentParser(description="Formscout's gate; the discovery worker starts it.")
    parser.add_argument("--authorities", type=Path)
    asyncio.run(_run(parser.parse_args().authorities))


async def _run(authorities: Path | None) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    gate = _Gate(GateParts(credentials=Credentials(), resolve=SystemResolver(), context=upstream_context(authorities), tell=_tell))
    await gate.start()
    while line := await reader.readline():
        await gate.do(orders.decode(line))
    await gate.close()


class _Gate:
    """The lanes that are open."""

    def __init__(self, parts: GateParts) -> None:
        self._parts = parts
        self._lanes: dict[int, Lane] = {}
        self._closed = Lane(parts, None, allow_private=False)

    async def start(self) -> None:
        """Open the lane on which nothing passes, and say that we are there."""
        await self._closed.listen(serve)
        _tell(Ready(port=self._closed.port, fingerprint=self._parts.credentials.fingerprint))

    async def do(self, order: Order) -> None:
        """Do what the worker orders, and say so; what names a lane that is gone is done."""
        match order:
            case Open():
                lane = Lane(self._parts, order.judging, allow_private=order.allow_private)
                await lane.listen(serve)
                self._lanes[lane.port] = lane
                _tell(Done(id=order.id, port=lane.port))
            case Permit():
                if order.lane in self._lanes:
                    self._lanes[order.lane].permits.grant(order.method, order.url, order.digest)
                _tell(Done(id=order.id))
            case Close():
                gone = self._lanes.pop(order.lane, None)
                if gone is not None:
                    await gone.close()
                _tell(Done(id=order.id))

    async def close(self) -> None:
        """Close all lanes."""
        for lane in (self._closed, *self._lanes.values()):
            await lane.close()


def _tell(report: Report) -> None:
    # The pipe is read at once by the worker; were it not, nothing may pass either, and so it may wait.
    sys.stdout.buffer.write(line_of(report))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

"""The worker's side of the gate: starts its process, opens lanes in it, and tells it what tabs permit."""

import asyncio
import contextlib
import itertools
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from formscout.domain.errors import FormscoutError
from formscout_discovery.gate.messages import Close, Done, Judged, Open, Order, Permit, Ready, line_of, reports
from formscout_discovery.gate.permits import ANY_BODY, digest_of
from formscout_discovery.policy.requests import JudgeSettings

START_SECONDS: Final = 60.0
"""For a Python process to come up on a busy machine."""

END_SECONDS: Final = 5.0
"""For the gate to close what is open; then it is killed."""

INHERITED: Final = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What of our own environment the gate gets: it needs no password and no key."""


class GateLostError(FormscoutError):
    """The gate is gone, and with it all that its browser could send."""

    code = "gate_lost"


class Lane:
    """A port of the gate for one signed-in state."""

    def __init__(self, gate: "Gate", port: int) -> None:
        self._gate = gate
        self.port = port

    @property
    def address(self) -> str:
        """The proxy's address, for a browser."""
        return self._gate.address_of(self.port)

    async def permit(self, method: str, url: str, body: bytes | None) -> None:
        """Let one request pass that was judged by its cause; a body of None is one that could not be seen. Raises `GateLostError`."""
        digest = ANY_BODY if body is None else digest_of(body)
        await self._gate.order(lambda number: Permit(id=number, lane=self.port, method=method, url=url, digest=digest))


class Gate:
    """A gate that runs."""

    def __init__(self, process: asyncio.subprocess.Process, ready: Ready) -> None:
        self._process = process
        self._ready = ready
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Done]] = {}
        self._listeners: dict[int, Callable[[Judged], None]] = {}
        self._reading = asyncio.ensure_future(self._read())

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def fingerprint(self) -> str:
        """Of the key that the browser is to trust."""
        return self._ready.fingerprint

    @property
    def closed_address(self) -> str:
        """A proxy that refuses everything: for what a browser does on its own behalf."""
        return self.address_of(self._ready.port)

    @property
    def is_lost(self) -> bool:
        """Whether the process has ended."""
        return self._reading.done()

    def address_of(self, port: int) -> str:
        """Return a lane's address."""
        return f"http://127.0.0.1:{port}"

    @contextlib.asynccontextmanager
    async def lane(self, judging: JudgeSettings, *, allow_private: bool, told: Callable[[Judged], None]) -> AsyncIterator[Lane]:
        """Open a lane; `told` is called with what the gate itself held back. Raises `GateLostError`."""
        opened = await self.order(
            lambda number: Open(
                id=number,
                allow_private=allow_private,
                environment=judging.environment,
                mode=judging.mode,
                allow_requests=tuple(judging.allow_requests),
            )
        )
        self._listeners[opened.port] = told
        try:
            yield Lane(self, opened.port)
        finally:
            with contextlib.suppress(GateLostError):
                await self.order(lambda number: Close(id=number, lane=opened.port))
            self._listeners.pop(opened.port, None)

    async def order(self, make: Callable[[int], Order]) -> Done:
        """Order something and wait until it is done; raises `GateLostError`."""
        number = next(self._numbers)
        done: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting[number] = done
        try:
            if self.is_lost or self._process.stdin is None:
                raise GateLostError("The gate between browser and network is gone.")
            self._process.stdin.write(line_of(make(number)))
            return await done
        finally:
            self._waiting.pop(number, None)

    async def end(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None, "it was started with a pipe"
        while line := await self._process.stdout.readline():
            report = reports.decode(line)
            if isinstance(report, Done):
                waiting = self._waiting.get(report.id)
                if waiting is not None and not waiting.done():  # whoever waited may have been cancelled a moment ago
                    waiting.set_result(report)
            elif isinstance(report, Judged) and report.lane in self._listeners:
                self._listeners[report.lane](report)
        for left in self._waiting.values():
            if not left.done():
                left.set_exception(GateLostError("The gate between browser and network is gone."))


@contextlib.asynccontextmanager
async def running_gate(authorities: Path | None = None) -> AsyncIterator[Gate]:
    """Start a gate for one browser and end it with the block; raises `GateLostError` if it does not start.

    It ends by itself when this process does: its standard input ends then.
    """
    further = [] if authorities is None else ["--authorities", str(authorities)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "formscout_discovery.gate",
        *further,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in INHERITED if name in os.environ},
        start_new_session=True,  # what is sent to our process group, as by a terminal, is not for it: it goes after its browser
    )
    assert process.stdout is not None, "it was started with a pipe"
    line = b""
    with contextlib.suppress(TimeoutError):
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
    if not line:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise GateLostError("The gate between browser and network did not start.")
    ready = reports.decode(line)
    assert isinstance(ready, Ready), "it is the first thing that a gate says"
    gate = Gate(process, ready)
    try:
        yield gate
    finally:
        await gate.end()

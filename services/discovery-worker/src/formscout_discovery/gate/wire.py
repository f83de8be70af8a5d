"""HTTP/1.1 over a stream: h11's state machine, fed and emptied."""

import asyncio
from typing import Final

import h11

from formscout_discovery.gate.streams import ABOUT_GONE_S, Stream

MAX_HEAD_BYTES: Final = 256 * 1024
"""Of a request's or answer's head; Chromium takes as much."""

Happened = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]
"""What h11 tells; that it needs data is never handed on."""


class Wire:
    """One connection that speaks HTTP/1.1 on either side."""

    def __init__(self, stream: Stream, *, is_server: bool) -> None:
        self.stream = stream
        self._state = h11.Connection(h11.SERVER if is_server else h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)

    async def next_event(self) -> Happened:
        """Return what came next; raises `h11.RemoteProtocolError` for what is no HTTP, `OSError` when the connection breaks."""
        while True:
            event = self._state.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._state.receive_data(await self.stream.read())

    async def next_event_for(self, client: Stream, seconds: float) -> Happened:
        """Return what came next while the one it is for is there; raises `TimeoutError` when nothing comes, `ConnectionResetError`."""
        event = self._state.next_event()
        until = asyncio.get_running_loop().time() + seconds
        while event is h11.NEED_DATA:
            try:
                async with asyncio.timeout(ABOUT_GONE_S):
                    self._state.receive_data(await self.stream.read())
            except TimeoutError:
                if client.is_gone:
                    raise ConnectionResetError("nobody waits for the answer any more") from None
                if asyncio.get_running_loop().time() > until:
                    raise
            event = self._state.next_event()
        return event

    async def send(self, *events: h11.Event) -> None:
        """Send events, together."""
        await self.stream.write(b"".join(self._state.send(event) or b"" for event in events))

    def is_reusable(self) -> bool:
        """Make ready for the next request; False when the connection has had its last."""
        if self._state.our_state is not h11.DONE or self._state.their_state is not h11.DONE:
            return False
        self._state.start_next_cycle()
        return True

    @property
    def trailing(self) -> bytes:
        """What came behind the head that switched to another protocol."""
        return self._state.trailing_data[0]

    @property
    def awaits_answer(self) -> bool:
        """Whether an answer can still be begun."""
        return self._state.our_state in (h11.IDLE, h11.SEND_RESPONSE)

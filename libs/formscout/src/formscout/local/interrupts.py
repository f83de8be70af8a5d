"""What Ctrl-C and SIGTERM do: the first ends the work in hand in good order, the second at once."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Final, TypeVar

Result = TypeVar("Result")

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """The signals that came while a coroutine runs under `run`."""

    def __init__(self) -> None:
        self.count = 0
        self.on_second: Callable[[], None] = lambda: None  # set by whoever has something to end without grace
        self._task: asyncio.Task[object] | None = None

    async def run(self, work: Coroutine[object, object, Result]) -> Result | None:
        """Run a coroutine; the first signal cancels it. Returns None if one did."""
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(work)
        self._task = task
        for number in SIGNALS:
            loop.add_signal_handler(number, self.interrupt)
        try:
            return await task
        except asyncio.CancelledError:
            if self.count == 0:
                raise
            return None
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)

    def interrupt(self) -> None:
        """Take one signal."""
        self.count += 1
        if self.count > 1:
            self.on_second()
        elif self._task is not None:
            self._task.cancel()

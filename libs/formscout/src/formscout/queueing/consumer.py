"""Celery's consumer, which tells of each second in which it waits for the broker: the timers of its loop stand still then."""

from collections.abc import Callable
from typing import Any

from celery.worker.consumer import Consumer


class TellingConsumer(Consumer):
    """A consumer that is not taken for one that hangs while Redis is away."""

    def __init__(self, *args: Any, waiting: Callable[[], None], **kwargs: Any) -> None:  # Any: Celery has no types
        self._waiting = waiting
        super().__init__(*args, **kwargs)

    def ensure_connected(self, conn: Any) -> Any:  # Any: kombu's connection
        """Connect, trying for ever; Celery asks each second in between whether it shall end, and so do we tell."""
        connect = conn.ensure_connection

        def telling(*args: Any, callback: Callable[[], None], **kwargs: Any) -> Any:  # Any: as above
            def each_second() -> None:
                self._waiting()
                callback()

            return connect(*args, callback=each_second, **kwargs)

        conn.ensure_connection = telling
        return super().ensure_connected(conn)

"""An ASGI application served by a thread of this process."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

START_SECONDS: Final = 30


@contextmanager
def listening(port: int = 0) -> Iterator[socket.socket]:
    """Listen on the loopback, on a free port unless one is named."""
    with socket.create_server(("127.0.0.1", port)) as one:
        yield one


@contextmanager
def served(application: Any, sockets: Sequence[socket.socket], *, server_header: bool = True) -> Iterator[None]:  # Any: any ASGI
    """Serve the application on these sockets for as long as the context lasts; `server_header`: it names itself."""
    server = uvicorn.Server(
        uvicorn.Config(application, log_level="error", lifespan="off", timeout_graceful_shutdown=1, server_header=server_header)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": list(sockets)}, daemon=True)
    thread.start()
    ends = time.monotonic() + START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < ends, "the server took too long to start"
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=5)

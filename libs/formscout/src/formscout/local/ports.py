"""Ports of the loopback: is one free, and which one is."""

import socket
from typing import Final

from formscout.domain.errors import PlatformError

HOST: Final = "127.0.0.1"


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a connection just closed is no listener
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free(port: int) -> int:
    """Return the port; raise `PlatformError` if something listens on it."""
    if not is_free(port):
        raise PlatformError(f"Port {port} is taken on this machine. Stop what listens there, or give another with --port.")
    return port


def preferred(port: int) -> int:
    """Return this port if it is free, else one that is."""
    return port if is_free(port) else free_port()

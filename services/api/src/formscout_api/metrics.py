"""Requests counted and timed by route template, and what else this process has open."""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from time import perf_counter
from typing import Final

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from formscout.telemetry import metrics
from formscout.telemetry.instruments import Component, follow_each

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Labels of their own; a client may send any word as a method."""


class RequestMetrics:
    """The process's metrics, in a registry of their own so that a process may hold two applications."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # as everywhere: they double the series of counters
        self.registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self.registry.register(collector)
        self.requests = metrics.HTTP_REQUESTS.make(self.registry)
        self.seconds = metrics.HTTP_SECONDS.make(self.registry)
        metrics.BUILD.make(self.registry).labels(component=Component.API, version=version("formscout")).set(1)
        # By method, route and status: as many as there are series, found without making a key of strings each time.
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, scope: Scope, *, status: int, seconds: float) -> None:
        """Count a request; addresses that no route takes are one series, so that nobody can make series at will."""
        route = getattr(scope.get("route"), "path", None) or "unmatched"
        method = scope["method"] if scope["method"] in METHODS else "other"
        if route == "unmatched":
            method = "ANY"
        key = (method, route, status)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = (self.requests.labels(*key), self.seconds.labels(method, route))
        series[0].inc()
        series[1].observe(seconds)

    def follow(
        self, *, followers: Callable[[], int], database: Callable[[], Mapping[str, int]], redis: Callable[[], Mapping[str, int]]
    ) -> None:
        """Let readers see what is open, from now on; the connections are told by their state."""
        metrics.HTTP_FOLLOWERS.make(self.registry).set_function(followers)
        for declared, connections in ((metrics.DATABASE_CONNECTIONS, database), (metrics.REDIS_CONNECTIONS, redis)):
            follow_each(declared.make(self.registry), connections, "state")

    def exposition(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class MeteredApp:
    """An application whose requests are counted and timed."""

    def __init__(self, app: ASGIApp, *, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and watch its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # if it breaks before it answers
        started = perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            self._metrics.observe(scope, status=status, seconds=perf_counter() - started)

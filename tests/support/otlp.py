"""A collector for tests: takes spans by OTLP over HTTP, as the real ones do, and keeps them."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

PATIENCE_SECONDS: Final = 60
"""How long to wait for a span: a process sends its own every 100 ms here, on a machine that may be busy."""

VARIABLES: Final = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_TRACES_SAMPLER": "parentbased_always_on"}
"""So that every span comes, and soon."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """A span as it came."""

    name: str
    service: str  # whose process sent it
    process: str  # which of them: the id of the SDK's instance
    kind: str
    trace_id: str
    span_id: str
    parent_id: str | None
    started: float  # seconds since 1970
    ended: float
    attributes: Mapping[str, object]
    links: Sequence[tuple[str, str]]  # ids of traces and spans
    failed: bool


class Collector:
    """What came until now."""

    def __init__(self, port: int) -> None:
        self.port: Final = port
        self.bodies: list[bytes] = []

    @property
    def variables(self) -> dict[str, str]:
        """The settings of a process that is to send everything here."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.port}", **VARIABLES}

    @property
    def spans(self) -> list[Received]:
        """Everything that came, in the order in which it began."""
        found = [span for body in tuple(self.bodies) for span in read(body)]
        return sorted(found, key=lambda span: span.started)

    def trace(self, trace_id: str) -> list[Received]:
        """Return what came of one trace."""
        return [span for span in self.spans if span.trace_id == trace_id]

    def wait_for(self, holds: Callable[[list[Received]], bool]) -> list[Received]:
        """Wait until what came is as it is to be, and return it."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while not holds(spans := self.spans):
            assert time.monotonic() < ends, [(span.service, span.name) for span in spans]
            time.sleep(0.05)
        return spans


def read(body: bytes) -> Iterator[Received]:
    """Return the spans of a request."""
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = _attributes(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield Received(
                    name=span.name,
                    service=str(resource["service.name"]),
                    process=str(resource["service.instance.id"]),
                    kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex() or None,
                    started=span.start_time_unix_nano / 1e9,
                    ended=span.end_time_unix_nano / 1e9,
                    attributes=_attributes(span.attributes),
                    links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
                    failed=span.status.code == Status.STATUS_CODE_ERROR,
                )


@contextmanager
def collecting(port: int = 0) -> Iterator[Collector]:
    """Listen on a port of the loopback (0: a free one) and yield what keeps the spans."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.collector = Collector(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="collector")
    thread.start()
    try:
        yield server.collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    collector: Collector


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Take spans."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        is_ours = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
        answer = ExportTraceServiceResponse().SerializeToString()
        if is_ours:
            self.server.collector.bodies.append(body)
        self.send_response(200 if is_ours else 404)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _attributes(given: Sequence[KeyValue]) -> dict[str, object]:
    return {one.key: _value(one.value) for one in given}


def _value(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    return None if kind is None else getattr(value, kind)

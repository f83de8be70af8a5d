"""OpenTelemetry's SDK behind `traces`: imported only by a process that traces."""

import os
import threading
from collections.abc import Sequence
from contextvars import ContextVar, Token
from importlib.metadata import version
from typing import Final, Self

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from formscout.domain.errors import SettingsError
from formscout.telemetry.instruments import Component
from formscout.telemetry.spans import Attributes, Kind, Value

DEFAULT_RATIO: Final = 0.05
"""Of the traces that nobody above has decided on: enough to see how things go; a client that wants to see one says so."""

CLOSE_SECONDS: Final = 3.0
"""What a process gives its last spans when it ends: a collector that hangs must not hold up a drain."""

_HEADER: Final = "traceparent"

_W3C: Final = TraceContextTextMapPropagator()

_KINDS: Final = {kind: trace.SpanKind[kind] for kind in Kind}


class OpenSpan:
    """A span that is open as long as its block runs, and the one that is open in it."""

    __slots__ = ("_parent", "_parents", "_reset", "_span", "_token")

    def __init__(self, span: trace.Span, *, parent: str | None = None, parents: ContextVar[str | None] | None = None) -> None:
        self._span = span
        self._parent = parent
        self._parents = parents
        self._token: Token[contexts.Context] | None = None
        self._reset: Token[str | None] | None = None

    def __enter__(self) -> Self:
        """Begin."""
        self._token = contexts.attach(trace.set_span_in_context(self._span))
        if self._parents is not None:
            self._reset = self._parents.set(self._parent or _header_of(self._span.get_span_context()))
        return self

    def __exit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        """End; what an exception says may be a secret's place, so its type alone is told."""
        if error is not None and self._span.is_recording():
            _fail(self._span, type(error).__name__)
        if self._parents is not None and self._reset is not None:
            self._parents.reset(self._reset)
        if self._token is not None:
            contexts.detach(self._token)
        self._span.end()


class Unsampled:
    """A span below one that nobody is told of: it stays the open one, so that whatever goes on elsewhere is not told of either."""

    __slots__ = ()

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


_UNSAMPLED: Final = Unsampled()


class Tracing:
    """A process' own provider; it is not made the global one, so libraries that look for that tell of nothing."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("formscout", version("formscout"))

    @classmethod
    def connect(cls, component: Component) -> Self:
        """Start to send, by the standard variables `OTEL_…`; raise `SettingsError` for those that cannot be read."""
        try:
            provider = TracerProvider(sampler=_sampler(), resource=_resource(component), shutdown_on_exit=False)
            provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        except (ValueError, OSError) as error:
            raise SettingsError(f"The variables OTEL_… cannot be read: {error}. Mend or unset them.") from None
        return cls(provider)

    def close(self) -> None:
        """Send what is left, for a while."""
        # The SDK waits for half a minute, whatever it is asked for.
        ending = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        ending.start()
        ending.join(CLOSE_SECONDS)

    def below(self, name: str, attributes: Attributes | None, *, kind: Kind) -> OpenSpan | Unsampled:
        """Return a span below the open one."""
        above = trace.get_current_span().get_span_context()
        if above.is_valid and not above.trace_flags.sampled:
            return _UNSAMPLED
        return OpenSpan(self._tracer.start_span(name, kind=_KINDS[kind], attributes=_told(attributes)))

    def far_below(
        self, parent: str | None, name: str, attributes: Attributes | None, *, kind: Kind, links: Sequence[str | None]
    ) -> OpenSpan:
        """Return a span below one of another process."""
        return OpenSpan(self._begin(parent, name, attributes, kind=kind, links=links))

    def job(
        self, parent: str | None, name: str, attributes: Attributes | None, *, link: str | None, parents: ContextVar[str | None]
    ) -> OpenSpan:
        """Return the span of a job's run."""
        span = self._begin(parent, name, attributes, kind=Kind.CONSUMER, links=(link,))
        return OpenSpan(span, parent=parent if parent is not None and _context_of(parent).is_valid else None, parents=parents)

    def note(self, attributes: Attributes) -> None:
        """Say more of the open span."""
        span = trace.get_current_span()
        if span.is_recording():
            span.set_attributes(_told(attributes))

    def rename(self, name: str) -> None:
        """Give the open span another name."""
        trace.get_current_span().update_name(name)

    def fail(self, code: str) -> None:
        """Mark the open span as failed."""
        span = trace.get_current_span()
        if span.is_recording():
            _fail(span, code)

    def link(self, parent: str) -> None:
        """Link the open span to another one."""
        span, other = trace.get_current_span(), _context_of(parent)
        if span.is_recording() and other.is_valid:
            span.add_link(other)

    def here(self) -> str | None:
        """Return the open span's `traceparent`."""
        open_one = trace.get_current_span().get_span_context()
        return _header_of(open_one) if open_one.is_valid else None

    def ids(self) -> tuple[str, str] | None:
        """Return the ids of the open span's trace and of itself."""
        open_one = trace.get_current_span().get_span_context()
        if not open_one.is_valid:
            return None
        return trace.format_trace_id(open_one.trace_id), trace.format_span_id(open_one.span_id)

    def is_sampled(self, parent: str) -> bool:
        """Tell whether a `traceparent` says that it is told of."""
        return _context_of(parent).trace_flags.sampled

    def is_recorded(self) -> bool:
        """Tell whether the open span is told of."""
        return trace.get_current_span().is_recording()

    def _begin(
        self, parent: str | None, name: str, attributes: Attributes | None, *, kind: Kind, links: Sequence[str | None]
    ) -> trace.Span:
        # An empty context where there is no parent: whatever is open here is not above it.
        above = contexts.Context() if parent is None else _W3C.extract({_HEADER: parent}, contexts.Context())
        linked = [trace.Link(other) for one in links if one is not None and (other := _context_of(one)).is_valid]
        return self._tracer.start_span(name, above, kind=_KINDS[kind], attributes=_told(attributes), links=linked)


def _told(attributes: Attributes | None) -> dict[str, Value]:
    return {} if attributes is None else {name: value for name, value in attributes.items() if value is not None}


def _fail(span: trace.Span, code: str) -> None:
    span.set_attribute("error.type", code)
    span.set_status(trace.StatusCode.ERROR)


def _context_of(parent: str) -> trace.SpanContext:
    return trace.get_current_span(_W3C.extract({_HEADER: parent}, contexts.Context())).get_span_context()


def _header_of(open_one: trace.SpanContext) -> str:
    return f"00-{open_one.trace_id:032x}-{open_one.span_id:016x}-{open_one.trace_flags:02x}"


def _sampler() -> Sampler | None:
    """Return ours where the environment names none; None lets the SDK read it."""
    if os.environ.get("OTEL_TRACES_SAMPLER"):
        return None
    return ParentBased(TraceIdRatioBased(float(os.environ.get("OTEL_TRACES_SAMPLER_ARG") or DEFAULT_RATIO)))


def _resource(component: Component) -> Resource:
    ours = {SERVICE_NAME: f"formscout-{component}", SERVICE_NAMESPACE: "formscout", SERVICE_VERSION: version("formscout")}
    said = OTELResourceDetector().detect().attributes  # by OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, which win
    return Resource.create({name: value for name, value in ours.items() if name not in said})

"""Spans of what a process does, in the trace of whoever asked for it; free of cost, and of the SDK, in a process that does not trace.

A trace travels in the job's row, not in the message that rings for it: `docs/decisions/` says why. What is put into a span is as safe as
a log line: ids, numbers, codes and cut addresses; never what a page, a credential or an exception says.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from formscout.domain.errors import SettingsError
from formscout.telemetry.spans import Attributes, Kind, Span

if TYPE_CHECKING:
    from formscout.telemetry.instruments import Component
    from formscout.telemetry.sdk import Tracing

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Environment variables of which one switches tracing on."""

PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL: Final = "http/protobuf"
"""The one that is spoken."""


class _Nothing:
    """A span that nobody is told of."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


_NOTHING: Final = _Nothing()

_tracing: Tracing | None = None

_job_parent: ContextVar[str | None] = ContextVar("formscout_job_parent", default=None)


def is_asked_for() -> bool:
    """Tell whether the environment says where spans shall go, and does not say that they shall not."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        return False
    return any(os.environ.get(name) for name in ENDPOINTS)


def check() -> None:
    """Refuse what would be found out only when the first spans are sent. Raises `SettingsError`."""
    if not is_asked_for():
        return
    for name in ENDPOINTS:
        if (address := os.environ.get(name)) and not _is_http(address):
            raise SettingsError(f"{name} is no address of a collector: give it as http://host:4318 or https://host:4318, or unset it.")
    for name in PROTOCOLS:
        if os.environ.get(name, PROTOCOL) != PROTOCOL:
            raise SettingsError(f"{name}: spans are sent as {PROTOCOL} alone (a collector takes that on port 4318); unset it.")


def start(component: Component) -> None:
    """Tell of this process from now on, if that is asked for. It starts a thread: in a worker only after the fork."""
    global _tracing  # noqa: PLW0603 (a process traces or does not, as it counts or does not)
    if not is_asked_for() or _tracing is not None:
        return
    from formscout.telemetry.sdk import Tracing  # noqa: PLC0415 (a process that does not trace has no SDK in memory)

    _tracing = Tracing.connect(component)


def stop() -> None:
    """Send what is left, which takes no longer than some seconds, and tell of nothing more."""
    global _tracing  # noqa: PLW0603 (as above)
    if _tracing is not None:
        _tracing.close()
        _tracing = None


def is_on() -> bool:
    """Whether this process traces."""
    return _tracing is not None


def span(
    name: str,
    attributes: Attributes | None = None,
    *,
    kind: Kind = Kind.INTERNAL,
) -> Span:
    """Return a span below the one that is open; its name takes few values, known beforehand, and says no id, address or name."""
    if _tracing is None:
        return _NOTHING
    return _tracing.below(name, attributes, kind=kind)


def span_of(
    parent: str | None,
    name: str,
    attributes: Attributes | None = None,
    *,
    kind: Kind,
    links: Sequence[str | None] = (),
) -> Span:
    """Return a span below one of another process, as a `traceparent` names it; None, or what is none, begins a trace.

    `links` name spans that have to do with it without being above it.
    """
    if _tracing is None:
        return _NOTHING
    return _tracing.far_below(parent, name, attributes, kind=kind, links=links)


def job_span(parent: str | None, name: str, attributes: Attributes | None = None, *, link: str | None) -> Span:
    """Return the span of a job's run: below what wrote its row. What the run writes beside itself goes below that, too."""
    if _tracing is None:
        return _NOTHING
    return _tracing.job(parent, name, attributes, link=link, parents=_job_parent)


def note(attributes: Attributes) -> None:
    """Say more of the span that is open."""
    if _tracing is not None:
        _tracing.note(attributes)


def rename(name: str) -> None:
    """Give the open span a name that was not known when it began; what is said of names holds here, too."""
    if _tracing is not None:
        _tracing.rename(name)


def fail(code: str) -> None:
    """Say that what the open span tells of did not come to its end, by a stable code."""
    if _tracing is not None:
        _tracing.fail(code)


def link(parent: str | None) -> None:
    """Say that the open span has to do with another one, as a `traceparent` names it."""
    if _tracing is not None and parent is not None:
        _tracing.link(parent)


def here() -> str | None:
    """Return the `traceparent` of the span that is open, for whoever goes on elsewhere; None if there is none."""
    return None if _tracing is None else _tracing.here()


def beside() -> str | None:
    """Return the `traceparent` below which work goes that follows the job in hand, but is no part of it."""
    return None if _tracing is None else _job_parent.get() or _tracing.here()


def is_sampled(parent: str | None) -> bool:
    """Tell whether this process traces, and whoever sent or wrote a `traceparent` is told of."""
    return _tracing is not None and parent is not None and _tracing.is_sampled(parent)


def is_recorded() -> bool:
    """Tell whether what the open span is told gets anywhere: what is dear to find out need not be found out otherwise."""
    return _tracing is not None and _tracing.is_recorded()


def ids() -> tuple[str, str] | None:
    """Return the ids of the open span's trace and of itself, in hexadecimal, for log lines."""
    return None if _tracing is None else _tracing.ids()


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)

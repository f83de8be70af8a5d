"""Log lines of every process: a fixed sentence with fields, as text or JSON, without secrets."""

import logging
import sys
from typing import Final, Literal

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from formscout.telemetry import traces
from formscout.telemetry.redaction import safe

LogFormat = Literal["text", "json"]

_QUIET: Final = {
    # They log each request, message or statement at INFO; what matters of it has a line of ours.
    "httpx": logging.WARNING,
    "urllib3": logging.WARNING,
    "httpcore": logging.WARNING,
    "celery.app.trace": logging.WARNING,
    "celery.worker.strategy": logging.WARNING,
    "asyncio": logging.WARNING,
    "alembic": logging.WARNING,
}


def configure_logs(*, log_format: LogFormat, log_level: str) -> None:
    """Send structlog's and the standard library's lines, Celery's and uvicorn's among them, through one formatter to stderr.

    Bind ids once at a door: `structlog.contextvars.bind_contextvars(session_id=…)`; each line below it carries them.
    A worker's door calls this before Celery starts; the signal `setup_logging` keeps Celery from setting its own level.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _name_trace,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso" if log_format == "json" else "%H:%M:%S", utc=log_format == "json"),
        _drop_colours,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(log_format)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(log_level)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(max(level, root.level))


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what is a secret by its type or its name, and what looks like one inside any text."""
    return {name: safe(name, value) for name, value in event.items()}


def _name_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say within which span the line was written, so that one leads to the other."""
    if (ids := traces.ids()) is not None:
        event["trace_id"], event["span_id"] = ids
    return event


def _drop_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)  # uvicorn's own line once more, for terminals
    return event


def _renderer(log_format: LogFormat) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=False,
        pad_event_to=0,
        pad_level=False,
        exception_formatter=structlog.dev.plain_traceback,
    )

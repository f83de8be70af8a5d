"""Log lines of every process: a fixed sentence with fields, as text or JSON, without secrets."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Final, Literal

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

LogFormat = Literal["text", "json"]

HIDDEN: Final = "[hidden]"

_SECRET_NAME: Final = re.compile(r"passw|secret|authorization|cookie|credential|api_?key|encryption|totp|\btoken\b|_token\b", re.IGNORECASE)
_SECRET_VALUES: Final = (
    (re.compile(r"\bfsk_[\w-]{8,}"), f"fsk_{HIDDEN}"),  # our own API keys
    (re.compile(r"\bwhsec_[\w+/=-]{8,}"), f"whsec_{HIDDEN}"),  # webhooks' secrets
    (re.compile(r"(?i)\b(bearer|basic) [\w+/=.~-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(://[^\s/@:]*):[^\s/@]+@"), rf"\1:{HIDDEN}@"),  # the password of an address
)

_QUIET: Final = {
    # They log each request, message or statement at INFO; what matters of it has a line of ours.
    "httpx": logging.WARNING,
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
    """Replace what is a secret by its name, and what looks like one inside any text."""
    return {name: _safe(name, value) for name, value in event.items()}


def _drop_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("color_message", None)  # uvicorn's own line once more, for terminals
    return event


def _safe(name: str, value: object) -> object:
    if name.startswith("_"):
        return value  # structlog's own
    if value is not None and _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, str):
        for pattern, replacement in _SECRET_VALUES:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, Mapping):
        return {str(key): _safe(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_safe("", item) for item in value]
    return value


def _renderer(log_format: LogFormat) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=False,
        pad_event_to=0,
        pad_level=False,
        exception_formatter=structlog.dev.plain_traceback,
    )

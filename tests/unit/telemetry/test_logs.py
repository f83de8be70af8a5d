"""Log lines: one form for all libraries, ids on each, no secret in any."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from formscout.telemetry.logs import configure_logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_ids_bound_at_the_door_stand_on_every_line_also_on_a_librarys(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(log_format="json", log_level="INFO")
    structlog.contextvars.bind_contextvars(session_id=7)
    structlog.get_logger("ours").info("A page was visited", seconds=1.5)
    logging.getLogger("celery.worker").warning("Lost %s", "it")
    ours, theirs = lines(capsys)
    assert (ours["event"], ours["seconds"], ours["session_id"]) == ("A page was visited", 1.5, 7)
    assert (theirs["event"], theirs["level"], theirs["session_id"]) == ("Lost it", "warning", 7)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_secrets_are_hidden_by_name_and_by_look(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(log_format="json" if log_format == "json" else "text", log_level="INFO")
    log = structlog.get_logger("ours")
    log.info("Signed in", password="one-hush", nested={"api_key": "two-hush", "deep": [{"cookie": "three-hush"}]})
    log.info("Asked", address="https://user:four-hush@host/", text="key fsk_fivehushfivehush, Bearer six-hush-six-hush")
    logging.getLogger("library").info("connect to %s", "redis://:seven-hush@host:1/0")
    try:
        int("postgresql://p:eight-hush@host/db")
    except ValueError:
        log.exception("It broke")
    printed = capsys.readouterr().err
    assert "It broke" in printed
    assert "hush" not in printed


def test_counts_of_tokens_are_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(log_format="json", log_level="INFO")
    structlog.get_logger("ours").info("Answered", input_tokens=12)
    assert lines(capsys)[0]["input_tokens"] == 12


def test_a_level_is_kept_and_chatty_libraries_are_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(log_format="json", log_level="INFO")
    structlog.get_logger("ours").debug("Too much")
    logging.getLogger("httpx").info("HTTP Request: GET …")
    assert lines(capsys) == []

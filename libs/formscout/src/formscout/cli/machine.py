"""What `formscout doctor` looks at on a machine that is to run the embedded platform."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from formscout.checkup.findings import Finding, Report, fail, ok, warn
from formscout.domain.errors import FormscoutError
from formscout.local import postgres
from formscout.local import redis as local_redis
from formscout.local.browser import require_browser
from formscout.local.directory import DataDirectory
from formscout.local.ports import is_free

_PARTS: Final = ("formscout", "formscout-api", "formscout-discovery", "formscout-analysis", "formscout-scheduler")
_OLDEST_PYTHON: Final = (3, 11)


def examine_machine(directory: DataDirectory, *, port: int, seconds: float) -> Report:
    """Look whether `formscout up` would run here; `seconds` is what the browser may take to tell its version."""
    findings = (
        _python(),
        *_versions(),
        _looked("browser", lambda: _browser(seconds)),
        _looked("postgresql", lambda: str(postgres.programs())),
        _looked("redis", lambda: str(local_redis.programs())),
        _user(),
        _looked("data-directory", lambda: _directory(directory)),
        _port(port),
    )
    return Report(findings=findings)


def _looked(check: str, look: Callable[[], str]) -> Finding:
    try:
        return ok(check, look())
    except FormscoutError as error:
        return fail(check, error.message)


def _python() -> Finding:
    if sys.version_info < _OLDEST_PYTHON:
        return fail("python", platform.python_version(), f"Install Python {'.'.join(map(str, _OLDEST_PYTHON))} or later.")
    return ok("python", platform.python_version())


def _versions() -> list[Finding]:
    found = []
    for part in _PARTS:
        try:
            found.append(ok(part, version(part)))
        except PackageNotFoundError:
            found.append(fail(part, "It is not installed.", "Run `uv sync --all-packages`, or ignore it here."))
    return found


def _browser(seconds: float) -> str:
    path = require_browser()
    try:
        run = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603 (the browser itself)
    except (OSError, subprocess.TimeoutExpired):
        return f"version unknown at {path}"
    return f"{run.stdout.strip() or 'version unknown'} at {path}"


def _user() -> Finding:
    if os.geteuid() != 0:
        return ok("user", "not root")
    if shutil.which("setpriv") is None:
        return fail("user", "root", "Install util-linux (setpriv), or run as an ordinary user: PostgreSQL refuses root.")
    return warn("user", "root", "Better be an ordinary user: Chromium's own sandbox is off for root.")


def _directory(directory: DataDirectory) -> str:
    if not directory.path.exists():
        return f"{directory.path} (will be made)"
    with directory.locked():
        return f"{directory.path}"


def _port(port: int) -> Finding:
    if is_free(port):
        return ok("port", f"{port} is free")
    return fail("port", f"Port {port} is taken.", "Stop what listens there, or start with --port.")

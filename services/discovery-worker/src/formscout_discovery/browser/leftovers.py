"""Keeps a record of browsers that run, and ends those whose worker was killed."""

import contextlib
import json
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

MARKER: Final = "--formscout-browser="
"""A switch that Chromium ignores; it names the browser of one launch in the list of processes."""

PROFILE_SWITCH: Final = "--user-data-dir="

PROFILE_PREFIX: Final = "playwright_chromium"
"""How Playwright names the profiles that it makes."""

HOME_PREFIX: Final = "formscout-home-"
"""How we name the home directory of a browser."""

START_TOLERANCE_S: Final = 1.0
"""Start times of one process, read twice, differ by less; a reused pid by more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserRecord:
    """One running browser and the worker that owns it; a pid alone is no identity, so start times go with it."""

    owner: int
    owner_started: float
    browser: int
    browser_started: float
    directories: tuple[str, ...]  # its profile and its home, removed with it


def marker_of(token: str) -> str:
    """Return the switch by which the browser of this launch is found."""
    return MARKER + token


def record(scratch: Path, token: str, *, home: str) -> Path | None:
    """Find the browser that carries the token and write its pid file; None if it is gone already."""
    marker = marker_of(token)
    for process in psutil.process_iter(["pid", "cmdline", "create_time"]):
        command = process.info["cmdline"] or []
        if marker not in command or any(part.startswith("--type=") for part in command):
            continue
        own = psutil.Process()
        profile = next((part.removeprefix(PROFILE_SWITCH) for part in command if part.startswith(PROFILE_SWITCH)), "")
        content = {
            "owner": own.pid,
            "owner_started": own.create_time(),
            "browser": process.info["pid"],
            "browser_started": process.info["create_time"],
            "directories": [profile, home],
        }
        scratch.mkdir(parents=True, exist_ok=True)
        path = scratch / f"{token}.browser.json"
        path.write_text(json.dumps(content))
        return path
    return None


def sweep_leftovers(scratch: Path) -> int:
    """End every browser whose owner is dead, with its process group and profile; return how many were ended."""
    swept = 0
    for path in sorted(scratch.glob("*.browser.json")):
        found = _read(path)
        if found is not None and _lives(found.owner, found.owner_started):
            continue
        if found is not None:
            swept += end_browser(found)
        path.unlink(missing_ok=True)
    return swept


def end_recorded(path: Path) -> bool:
    """End the browser of one pid file, if it still runs, and remove the file."""
    found = _read(path)
    ended = found is not None and end_browser(found)
    path.unlink(missing_ok=True)
    return ended


def end_browser(found: BrowserRecord) -> bool:
    """Kill the browser's process group and remove its profile; False when it had ended by itself."""
    lived = _lives(found.browser, found.browser_started)
    if lived:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            group = os.getpgid(found.browser)
            # A browser that shares our group was not started by us as a leader: only it may be ended.
            if group == os.getpgrp():
                os.kill(found.browser, signal.SIGKILL)
            else:
                os.killpg(group, signal.SIGKILL)
    for directory in found.directories:
        # The record lies in a directory that others may write to: only what is named as ours is removed.
        if Path(directory).name.startswith((PROFILE_PREFIX, HOME_PREFIX)):
            shutil.rmtree(directory, ignore_errors=True)
    return lived


def _lives(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < START_TOLERANCE_S and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _read(path: Path) -> BrowserRecord | None:
    try:
        content = json.loads(path.read_text())
        return BrowserRecord(**{**content, "directories": tuple(content["directories"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None

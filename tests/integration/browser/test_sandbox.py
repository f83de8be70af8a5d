"""Before it takes work a worker tries whether Chromium has its own sandbox, and goes without only when told."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.browsers import confined_chromium

from formscout_discovery.browser.executable import BrowserUnavailableError
from formscout_discovery.browser.options import BrowserOptions
from formscout_discovery.browser.sandbox import SandboxUnavailableError, is_sandboxed, require_sandbox
from formscout_discovery.browser.walls import what_is_missing

WITHOUT_NAMESPACES = """
import ctypes, platform, struct
from formscout_discovery.browser.walls import FILTER, NEW_USER, SET_FILTER, SET_NO_NEW_PRIVILEGES, SYS_CLONE, Program, what_is_missing
LOAD, IF_EQUAL, IF_BIT, RETURN, ALLOW, NOT_PERMITTED = 0x20, 0x15, 0x45, 0x06, 0x7FFF0000, 0x00050001
lines = [
    (LOAD, 0, 0, 0), (IF_EQUAL, 0, 3, SYS_CLONE[platform.machine()]),  # is it clone,
    (LOAD, 0, 0, 16), (IF_BIT, 0, 1, NEW_USER),  # and for a new user namespace?
    (RETURN, 0, 0, NOT_PERMITTED), (RETURN, 0, 0, ALLOW),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *line) for line in lines))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
assert libc.prctl(SET_FILTER, FILTER, ctypes.byref(Program(len(lines), ctypes.cast(code, ctypes.c_void_p))), 0, 0) == 0
print(what_is_missing())
"""
"""Asks for walls under a filter like the one that container runtimes set by themselves."""


def grants_namespaces() -> bool:
    """Ask the system's own tool whether this machine lets us make the namespaces of a sandbox."""
    command = ("unshare", "--user", "--map-root-user", "--pid", "--net", "--fork", "true")
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 (named above)


@pytest.fixture
async def confined(tmp_path: Path) -> str:
    """Return a Chromium that finds no sandbox, as on a machine without user namespaces."""
    return await confined_chromium(tmp_path)


async def test_a_worker_whose_chromium_has_no_sandbox_refuses_and_says_what_to_do(confined: str, tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailableError, match=r"sandboxing failed!.*seccomp profile.*FORMSCOUT_BROWSER_SANDBOX=off"):
        await require_sandbox(BrowserOptions(scratch=tmp_path / "scratch", executable=confined, sandbox=True), is_root=True)


async def test_a_worker_that_was_told_goes_without(confined: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await require_sandbox(BrowserOptions(scratch=tmp_path / "scratch", executable=confined, sandbox=False), is_root=True)
    assert "Chromium runs without its own sandbox" in capsys.readouterr().out


async def test_a_chromium_that_never_starts_is_not_taken_for_one_without_sandbox(tmp_path: Path) -> None:
    with pytest.raises(BrowserUnavailableError, match="did not start"):
        await require_sandbox(BrowserOptions(scratch=tmp_path, executable="/bin/false", sandbox=True), is_root=True)


@pytest.mark.parametrize(
    ("wanted", "is_root", "sandboxed"), [(None, False, True), (None, True, False), (True, True, True), (False, False, False)]
)
def test_only_root_and_who_is_told_goes_without(wanted: bool | None, is_root: bool, sandboxed: bool) -> None:
    assert is_sandboxed(wanted, is_root=is_root) is sandboxed


def test_what_the_kernel_grants_is_what_it_grants_to_others() -> None:
    assert (what_is_missing() is None) == grants_namespaces()


def test_a_filter_that_forbids_user_namespaces_is_met_and_named() -> None:
    command = (sys.executable, "-c", WITHOUT_NAMESPACES)
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 (our own)
    assert said == "clone into new namespaces: Operation not permitted\n"


async def test_where_the_kernel_grants_it_all_no_browser_is_started_to_see(tmp_path: Path) -> None:
    started = tmp_path / "started"
    door = tmp_path / "chromium"
    door.write_text(f'#!/bin/sh\n[ "$*" = --version ] && echo "Chromium 1" || {{ touch {started}; exit 1; }}\n')
    door.chmod(0o755)
    options = BrowserOptions(scratch=tmp_path / "scratch", executable=str(door), sandbox=True)
    with suppress(BrowserUnavailableError):
        await require_sandbox(options, is_root=False)
    assert started.exists() != grants_namespaces()

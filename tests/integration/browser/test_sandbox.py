"""Before it takes work a worker tries whether Chromium has its own sandbox, and goes without only when told."""

from pathlib import Path

import pytest
from tests.support.browsers import confined_chromium

from formscout_discovery.browser.executable import BrowserUnavailableError
from formscout_discovery.browser.options import BrowserOptions
from formscout_discovery.browser.sandbox import SandboxUnavailableError, is_sandboxed, require_sandbox


@pytest.fixture
async def confined(tmp_path: Path) -> str:
    """Return a Chromium that finds no sandbox, as on a machine without user namespaces."""
    return await confined_chromium(tmp_path)


async def test_a_worker_whose_chromium_has_no_sandbox_refuses_and_says_what_to_do(confined: str, tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailableError, match=r"sandboxing failed!.*seccomp profile.*FORMSCOUT_BROWSER_SANDBOX=off"):
        await require_sandbox(BrowserOptions(scratch=tmp_path / "scratch", executable=confined, sandbox=True))


async def test_a_worker_that_was_told_goes_without(confined: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await require_sandbox(BrowserOptions(scratch=tmp_path / "scratch", executable=confined, sandbox=False))
    assert "Chromium runs without its own sandbox" in capsys.readouterr().out


async def test_a_chromium_that_never_starts_is_not_taken_for_one_without_sandbox(tmp_path: Path) -> None:
    with pytest.raises(BrowserUnavailableError, match="did not start"):
        await require_sandbox(BrowserOptions(scratch=tmp_path, executable="/bin/false", sandbox=True))


@pytest.mark.parametrize(
    ("wanted", "is_root", "sandboxed"), [(None, False, True), (None, True, False), (True, True, True), (False, False, False)]
)
def test_only_root_and_who_is_told_goes_without(wanted: bool | None, is_root: bool, sandboxed: bool) -> None:
    assert is_sandboxed(wanted, is_root=is_root) is sandboxed

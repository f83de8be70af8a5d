"""A discovery worker that could open pages only without a sandbox takes no work, unless it was told to go without."""

from pathlib import Path

from tests.support.browsers import confined_chromium
from tests.support.processes import Start, worker_arguments
from tests.support.tenants import KEY_ENTRY

DISCOVERY = worker_arguments("formscout_discovery.worker", "discovery")


async def test_it_ends_at_once_with_a_sentence_that_says_what_to_do(start: Start, tmp_path: Path) -> None:
    settings = {"FORMSCOUT_ENCRYPTION_KEYS": KEY_ENTRY, "FORMSCOUT_SCRATCH": str(tmp_path / "scratch")}
    browser = await confined_chromium(tmp_path)
    worker = start(*DISCOVERY, **settings, FORMSCOUT_BROWSER=browser, FORMSCOUT_BROWSER_SANDBOX="on")
    assert worker.ended() != 0
    assert "set FORMSCOUT_BROWSER_SANDBOX=off" in worker.said
    assert "Traceback" not in worker.said

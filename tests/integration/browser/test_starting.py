"""A browser starts with nothing of ours, keeps a signed-in state, and leaves nothing behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.support.browsers import options
from tests.support.misbehaving import MisbehavingSite

from formscout.domain.pages import VisitOutcome
from formscout.domain.paths import Locators
from formscout_discovery.browser.executable import BrowserUnavailableError
from formscout_discovery.browser.leftovers import marker_of, sweep_leftovers
from formscout_discovery.browser.options import BrowserOptions, TabRules
from formscout_discovery.browser.pool import Chromium, launch
from formscout_discovery.browser.tab import BrowserTab
from formscout_discovery.crawl.ports import BrowserLostError, PageLostError


def processes_with(token: str) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if marker_of(token) in (process.info["cmdline"] or []) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def records(scratch: Path) -> list[Path]:
    return sorted(scratch.glob("*.browser.json"))


def text_of(file: Path) -> str:
    return file.read_text()


def is_empty(directory: Path) -> bool:
    return not directory.exists() or not any(directory.iterdir())


async def test_the_browser_gets_none_of_our_environment_and_is_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMSCOUT_SECRET_KEY", "only-ours")
    async with launch(options(tmp_path)):
        (record,) = records(tmp_path)
        content = json.loads(text_of(record))
        environment = psutil.Process(content["browser"]).environ()
        assert "FORMSCOUT_SECRET_KEY" not in environment
        assert not set(environment) & set(os.environ) - {"PATH", "HOME", "LANG", "TZ", "PWD", "SHLVL", "_", "OLDPWD", "CHROME_WRAPPER"}
        assert environment["HOME"] != os.environ.get("HOME")
        assert os.getpgid(content["browser"]) != os.getpgrp()
        token = record.name.split(".")[0]
        assert processes_with(token)
    assert not processes_with(token)
    assert is_empty(tmp_path)
    assert all(is_empty(Path(directory)) for directory in content["directories"])


WORKER = """
import asyncio, os, sys
from pathlib import Path
from formscout_discovery.browser.options import BrowserOptions
from formscout_discovery.browser.pool import launch

async def main() -> None:
    async with launch(BrowserOptions(scratch=Path(sys.argv[1]), sandbox=os.geteuid() != 0)):
        print("up", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_what_a_killed_worker_leaves_is_swept(tmp_path: Path) -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, str(tmp_path), stdout=subprocess.PIPE, start_new_session=True
    )
    assert worker.stdout is not None
    assert await worker.stdout.readline() == b"up\n"
    (record,) = records(tmp_path)
    token = record.name.split(".")[0]
    assert sweep_leftovers(tmp_path) == 0, "the browser of a worker that lives is left alone"
    assert processes_with(token)
    # The driver between worker and browser would end the browser itself when its worker dies; here it dies too.
    os.killpg(worker.pid, signal.SIGKILL)
    await worker.wait()
    sweep_leftovers(tmp_path)
    _, alive = await asyncio.to_thread(psutil.wait_procs, processes_with(token), timeout=5)
    assert not alive
    assert is_empty(tmp_path)


async def test_a_browser_that_dies_is_told_and_never_as_an_error_of_the_library(site: MisbehavingSite, tmp_path: Path) -> None:
    async with launch(options(tmp_path)) as dying, dying.browse(TabRules(allow_private=True)) as browser:
        tab = await browser.new_tab()
        await tab.open(site.at("plain"))
        (record,) = records(tmp_path)
        os.killpg(json.loads(text_of(record))["browser"], signal.SIGKILL)
        assert (await tab.open(site.at("plain"))).outcome is VisitOutcome.CRASHED
        assert not await browser.answers()
        for attempt in (tab.open(site.at("plain")), browser.new_tab(), browser.state()):
            with pytest.raises(BrowserLostError):
                await attempt
        with pytest.raises(PageLostError):
            await tab.capture()
        assert await tab.press(Locators(css="a")) is None


async def test_a_browser_whose_gate_dies_is_lost_and_the_next_one_has_its_own(site: MisbehavingSite, tmp_path: Path) -> None:
    def gates() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if "formscout_discovery.gate" in child.cmdline()]

    before = set(gates())
    async with launch(options(tmp_path)) as cut_off, cut_off.browse(TabRules(allow_private=True)) as browser:
        tab = await browser.new_tab()
        assert (await tab.open(site.at("plain"))).outcome is VisitOutcome.OK
        assert await browser.answers()
        (gate,) = set(gates()) - before
        gate.kill()
        site.forget()
        assert (await tab.open(site.at("plain"))).outcome is VisitOutcome.CRASHED
        assert not await browser.answers()
        assert site.arrived == []
    async with launch(options(tmp_path)) as next_one, next_one.browse(TabRules(allow_private=True)) as browser:
        assert (await (await browser.new_tab()).open(site.at("plain"))).outcome is VisitOutcome.OK
    assert set(gates()) <= before


async def test_we_go_by_our_own_name(site: MisbehavingSite, tab: BrowserTab) -> None:
    await tab.open(site.at("plain"))
    name = str(await tab.page.evaluate("navigator.userAgent"))
    assert " Formscout/" in name
    assert "Headless" not in name


async def test_a_browser_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BrowserUnavailableError, match="correct the setting"):
        async with launch(BrowserOptions(scratch=tmp_path, executable="/no/such/browser")):
            pass


async def test_a_program_that_is_no_browser_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrowserUnavailableError, match="did not start"):
        async with launch(BrowserOptions(scratch=tmp_path, executable="/bin/false")):
            pass
    assert is_empty(tmp_path)


async def test_a_state_is_kept_and_found_again_in_a_fresh_browser(site: MisbehavingSite, chromium: Chromium) -> None:
    rules = TabRules(allow_private=True)
    async with chromium.browse(rules) as first:
        tab = await first.new_tab()
        await tab.open(f"{site.base}/set-cookie")
        await tab.open(site.at("storage") + "#set")
        second = await first.new_tab()
        await second.open(site.at("storage"))
        assert await second.page.inner_text("#p") == "local session"
        state = await first.state()
    async with chromium.browse(rules, state=state) as fresh:
        tab = await fresh.new_tab()
        await tab.open(f"{site.base}/who")
        assert await tab.page.inner_text("#who") == "abc"
        await tab.open(site.at("storage"))
        assert await tab.page.inner_text("#p") == "local session"
    async with chromium.browse(rules) as stranger:
        tab = await stranger.new_tab()
        await tab.open(f"{site.base}/who")
        assert await tab.page.inner_text("#who") == "nobody"

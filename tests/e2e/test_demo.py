"""From one command to the forms of the demo application: all of them, none twice, and nothing changed."""

import json
import os
import shlex
import signal
import stat
import subprocess
from pathlib import Path

import httpx
import psutil
from tests.e2e.conftest import DISCOVERY_SECONDS, FORMSCOUT, STOP_SECONDS, RunningPlatform, until
from tests.support.scoring import Score, score

TRUTH = json.loads((Path(__file__).parents[2] / "demo" / "truth.json").read_text())
IDLE_BYTES = 1.0e9

CLEAN = Score(missed=(), twice=(), unlisted=())


def test_the_first_discovery_finds_every_form_once(platform: RunningPlatform) -> None:
    assert score(TRUTH, json.loads(platform.inventory.read_text())) == CLEAN


def test_nothing_but_the_sign_in_reached_the_application(platform: RunningPlatform) -> None:
    counts = httpx.get(f"{platform.demo_url}_demo/requests", trust_env=False).json()
    assert counts["sign_in"] >= 1
    assert (counts["other"], counts["state_changing_get"]) == (0, 0), counts["requests"]


def test_each_printed_curl_works_as_it_stands(platform: RunningPlatform) -> None:
    commands = [line for line in platform.log.read_text().splitlines() if line.startswith("curl ")]
    answers = [json.loads(subprocess.check_output(shlex.split(command), timeout=30)) for command in commands[1:]]  # noqa: S603 (printed by us)
    assert [answers[0]["state"], answers[0]["result"]["status"]] == ["SUCCESS", "success"]
    assert answers[1]["queues"].keys() >= {"discovery", "analysis", "budget"}
    assert '\'{"project_id": 1, "network_id": 1, "user_id": 3, "company_id": 1, "product_id": 1}\'' in commands[0]


def test_the_key_is_for_its_owners_eyes(platform: RunningPlatform) -> None:
    assert stat.S_IMODE((platform.data_dir / "client.env").stat().st_mode) == 0o600
    assert platform.api.headers["authorization"].removeprefix("Bearer ") not in (platform.data_dir / "logs" / "formscout.log").read_text()


def test_the_idle_platform_fits_beside_a_persons_work(platform: RunningPlatform) -> None:
    processes = [platform.process, *platform.process.children(recursive=True)]
    assert sum(process.memory_full_info().pss for process in processes) <= IDLE_BYTES


def test_a_session_outlives_its_worker_child_and_main_process_and_is_joined_meanwhile(platform: RunningPlatform) -> None:
    accepted = platform.discover()
    until(lambda: platform.status(accepted)["pages_found"] >= 3, seconds=DISCOVERY_SECONDS)
    assert platform.discover()["task_id"] == accepted["task_id"]
    main = platform.service("formscout_discovery.worker")
    child = next(one for one in main.children() if "formscout_discovery.worker" in " ".join(one.cmdline()))
    child.kill()
    until(lambda: platform.status(accepted)["attempt"] >= 2, seconds=DISCOVERY_SECONDS)
    main.kill()
    until(lambda: platform.status(accepted)["state"] in {"SUCCESS", "FAILURE"}, seconds=DISCOVERY_SECONDS)
    status = platform.status(accepted)
    assert status["state"] == "SUCCESS", status
    inventory = platform.api.get(f"/api/sessions/{accepted['session_id']}/inventory").json()
    assert score(TRUTH, inventory) == CLEAN, inventory["session"]


def test_discover_says_why_it_failed_and_ends_with_1(platform: RunningPlatform) -> None:
    secrets = {"APP_PASSWORD": "wrong", "XDG_DATA_HOME": str(platform.data_dir.parent / "other")}
    command = (FORMSCOUT, "discover", platform.demo_url, "--username", "demo@example.com", "--password-env", "APP_PASSWORD")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FORMSCOUT_")} | secrets
    done = subprocess.run([*command, "--allow-private"], env=environment, capture_output=True, text=True, timeout=240, check=False)  # noqa: S603 (our own command)
    assert (done.returncode, "sign_in_failed" in done.stderr) == (1, True), done.stderr


def test_ctrl_c_ends_every_process_also_in_the_middle_of_a_discovery(platform: RunningPlatform) -> None:
    accepted = platform.discover()
    until(lambda: platform.status(accepted)["state"] == "PROGRESS" and platform.status(accepted)["progress"] > 0, seconds=DISCOVERY_SECONDS)
    family = platform.process.children(recursive=True)
    assert any("chrom" in process.name() for process in family), "a browser is at work"
    platform.process.send_signal(signal.SIGINT)
    assert platform.process.wait(STOP_SECONDS) == 0
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive

"""Many random schedules of faults, one after the other: each promise is kept after each of them."""

import time

import pytest
from tests.chaos.conftest import PAGES
from tests.support.chaos_platform import Platform
from tests.support.chaos_runs import Result, begin
from tests.support.chaos_schedules import Schedule, schedule_of


def test_every_schedule_keeps_every_promise(running: Platform, undisturbed: Result, request: pytest.FixtureRequest) -> None:
    first, runs = request.config.getoption("soak_seed"), request.config.getoption("soak_runs")
    violations: list[str] = []
    tell = request.config.get_terminal_writer().line
    for seed in range(first, first + runs):
        schedule = schedule_of(seed)
        began, verdict = time.monotonic(), "kept"
        try:
            _suffer(running, undisturbed, schedule)
        except Exception as error:  # noqa: BLE001 (one violation must not hide the others)
            verdict = "VIOLATED"
            violations.append(f"{schedule}\n{type(error).__name__}: {error}")
        tell(f"{verdict} in {time.monotonic() - began:.0f} s, {schedule}")
    assert not violations, f"{len(violations)} of {runs} schedules broke a promise:\n" + "\n\n".join(violations)


def _suffer(platform: Platform, undisturbed: Result, schedule: Schedule) -> None:
    platform.heal()
    run = begin(platform, PAGES)
    run.until_visits(1)
    for pause, blow in schedule.blows:
        time.sleep(pause)
        with run.fault(blow.name, "as in the suite"):
            blow.strike(platform)
    run.keeps_its_promises(undisturbed)

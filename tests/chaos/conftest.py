"""The platform that is broken on purpose, and the table of what it promised and what was seen."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.chaos_platform import PRODUCTION, SCALED, Platform, running_platform
from tests.support.chaos_runs import Fault, Result, Run, begin

PAGES: Final = 9
"""Of the application that is crawled: enough that a fault in the middle has a before and an after."""

LARGER: Final = 27
"""Of the one that two workers crawl at once: enough that both are at work for a while."""

Begin = Callable[..., Run]
"""Begins a discovery to be disturbed; the keywords are those of `chaos_runs.begin`."""

FAULTS: Final = pytest.StashKey[list[Fault]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make chaos` and `make soak` ask for; a plain run of all tests takes the quick ones."""
    group = parser.getgroup("chaos")
    group.addoption(
        "--chaos", choices=("quick", "full", "soak"), default="quick", help="a third with short times; all with the real ones; soak"
    )
    group.addoption("--soak-runs", type=int, default=200, help="how many random schedules `make soak` runs")
    group.addoption("--soak-seed", type=int, default=1, help="the first one's seed; each next one's is one more")
    group.addoption("--chaos-report", type=Path, default=None, help="write the table of faults into this file, too")


def pytest_configure(config: pytest.Config) -> None:
    """Make the table's place."""
    config.stash[FAULTS] = []


def mode_of(config: pytest.Config) -> str:
    """Return what was asked for; the option is unknown where this directory is only found by collecting."""
    mode: str = config.getoption("chaos", default="quick")
    return mode


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the mode does not ask for."""
    mode = mode_of(config)

    def wanted(item: pytest.Item) -> bool:
        if Path(__file__).parent not in item.path.parents:
            return True
        if item.path.name == "test_soak.py":
            return mode == "soak"
        return mode == "full" or (mode == "quick" and item.get_closest_marker("quick") is not None)

    left_out = [item for item in items if not wanted(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if wanted(item)]


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest) -> Iterator[Platform]:
    """Start the platform, with its real times when all of the suite is run, with shorter ones else.

    Its directory is by no test's name and short: PostgreSQL's socket lies in it.
    """
    constants = PRODUCTION if mode_of(request.config) == "full" else SCALED
    with tempfile.TemporaryDirectory(prefix="formscout-chaos-") as directory, running_platform(Path(directory), constants) as platform:
        yield platform


@pytest.fixture(scope="session")
def undisturbed(running: Platform) -> Result:
    """Run a discovery that nothing disturbs, to compare the others with."""
    return begin(running, PAGES).ended()


@pytest.fixture(scope="session")
def larger(running: Platform) -> Result:
    """Run a discovery of the larger application that nothing disturbs, by one worker."""
    running.heal()
    return begin(running, LARGER).ended()


@pytest.fixture
def platform(running: Platform) -> Platform:
    """Return the platform, whole again."""
    running.heal()
    return running


@pytest.fixture
def begin_run(platform: Platform, undisturbed: Result, request: pytest.FixtureRequest) -> Iterator[Begin]:
    """Return what begins a discovery to be disturbed; its faults go into the table."""
    del undisturbed  # it runs before, not beside
    begun: list[Run] = []

    def beginning(**how: Any) -> Run:  # Any: as `begin` takes them
        begun.append(begin(platform, **{"size": PAGES, **how}))
        return begun[-1]

    yield beginning
    request.config.stash[FAULTS].extend(fault for run in begun for fault in run.faults)


@pytest.fixture
def run(begin_run: Begin) -> Run:
    """Begin a discovery to be disturbed."""
    return begin_run()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table: fault, promise, seen, seconds until work went on."""
    faults = config.stash.get(FAULTS, [])
    if not faults or mode_of(config) == "quick":
        return
    lines = ["| Fault | Promise | Seen | Recovery (s) | Kept |", "|---|---|---|---:|---|", *(_row(fault) for fault in faults)]
    terminalreporter.write_sep("=", "faults")
    terminalreporter.write_line("\n".join(lines))
    report: Path | None = config.getoption("chaos_report", default=None)
    if report is not None:
        report.write_text("\n".join(lines) + "\n")


def _row(fault: Fault) -> str:
    seconds = "–" if fault.recovery_seconds is None else f"{fault.recovery_seconds:.1f}"
    return f"| {fault.name} | {fault.promise} | {fault.seen} | {seconds} | {'yes' if fault.kept else 'NO'} |"

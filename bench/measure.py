"""Measures contestants turn by turn: CPU time a unit of all processes that work for each, and wall time beside it."""

import platform
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import psutil

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One way to do the work."""

    name: str
    work: Callable[[int], Awaitable[None]]  # does so many units
    roots: Sequence[int]  # ids of the processes that do it, each with all that it starts; stores among them


@dataclass(slots=True, kw_only=True)
class Result:
    """What a contestant took for one unit, turn by turn, in seconds."""

    name: str
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


def cpu_seconds(roots: Sequence[int]) -> float:
    """Return the CPU time that processes and all their descendants have used, those that ended and were waited for included."""
    total = 0.0
    # A set: one root may have started another.
    for process in {one for root in roots for one in _tree(psutil.Process(root))}:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _tree(root: psutil.Process) -> list[psutil.Process]:
    return [root, *root.children(recursive=True)]


async def measure(contestants: Sequence[Contestant], *, units: int, turns: int, warm_up: int) -> list[Result]:
    """Let the contestants take turns, so that whatever else the machine does meets all of them; after a warm-up of each."""
    for contestant in contestants:
        await contestant.work(warm_up)
    results = [Result(name=contestant.name) for contestant in contestants]
    for turn in range(turns):
        # The order is turned round each time, so that none always comes after the same other.
        for contestant, result in list(zip(contestants, results, strict=True))[:: -1 if turn % 2 else 1]:
            cpu, wall = cpu_seconds(contestant.roots), time.perf_counter()
            await contestant.work(units)
            result.wall.append((time.perf_counter() - wall) / units)
            result.cpu.append((cpu_seconds(contestant.roots) - cpu) / units)
    return results


def ratios(result: Result, baseline: Result, *, of: str = "cpu") -> list[float]:
    """Return, turn by turn, what a contestant took in parts of what the baseline took."""
    own, other = getattr(result, of), getattr(baseline, of)
    return [mine / theirs for mine, theirs in zip(own, other, strict=True)]


def report(title: str, results: Sequence[Result], *, baseline: str, mark: float | None = None) -> bool:
    """Print the medians with the least and the greatest ratio of any turn; tell whether all but the baseline keep the mark."""
    base = next(result for result in results if result.name == baseline)
    print(f"\n{title} ({len(base.cpu)} turns, medians)")
    print(f"  {'':24} {'CPU ms/unit':>12} {'wall ms/unit':>13}   CPU ratio to {baseline} (least–greatest)")
    kept = True
    for result in results:
        cpu, wall = statistics.median(result.cpu), statistics.median(result.wall)
        line = f"  {result.name:24} {cpu * 1000:12.2f} {wall * 1000:13.2f}"
        if result is not base:
            each = ratios(result, base)
            ratio = statistics.median(each)
            line += f"   {ratio:.2f} ({min(each):.2f}–{max(each):.2f})"
            if mark is not None:
                kept = kept and ratio <= mark
                line += f"   mark ≤ {mark:.2f}: {'kept' if ratio <= mark else 'MISSED'}"
        print(line)
    return kept


def machine() -> str:
    """Say what the figures were taken on."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.processor() or "?"
    )
    memory = psutil.virtual_memory().total / 2**30
    load = psutil.getloadavg()[0]
    return (
        f"{psutil.cpu_count()} × {model}, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, load {load:.1f} before the run"
    )


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 (a file of the kernel)
            return file.readlines()
    except OSError:
        return []

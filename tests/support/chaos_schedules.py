"""Random schedules of faults, each made by its seed alone, so that one that breaks a promise can be run again."""

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.support.chaos_platform import Platform
from tests.support.stores import until

MOST_FAULTS: Final = 3
LONGEST_PAUSE_SECONDS: Final = 6.0
"""Between two faults: some strike while the platform still mends the one before."""

HOLD_SECONDS: Final = 3.0
"""How long a store stays away, or a process frozen: shorter than a lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """A fault of a schedule."""

    name: str
    strike: Callable[[Platform], None]
    kills_visits: bool = False  # a page may be begun twice, so a schedule has one such blow at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What strikes, and how long after the blow before, in seconds."""

    seed: int
    blows: tuple[tuple[float, Blow], ...]

    def __str__(self) -> str:
        return f"seed {self.seed}: " + ", ".join(f"{pause:.1f} s, {blow.name}" for pause, blow in self.blows)


def schedule_of(seed: int) -> Schedule:
    """Return the schedule of a seed."""
    chance = random.Random(seed)  # noqa: S311 (not a secret)
    harmless = [blow for blow in BLOWS if not blow.kills_visits]
    chosen = [chance.choice(harmless) for _ in range(chance.randint(0, MOST_FAULTS - 1))]
    chosen.append(chance.choice(BLOWS))
    chance.shuffle(chosen)
    return Schedule(seed=seed, blows=tuple((chance.uniform(0, LONGEST_PAUSE_SECONDS), blow) for blow in chosen))


def _kill(name: str) -> Callable[[Platform], None]:
    def strike(platform: Platform) -> None:
        platform.services[name].kill()
        platform.replace(name)

    return strike


def _drain(name: str) -> Callable[[Platform], None]:
    def strike(platform: Platform) -> None:
        platform.services[name].stop()
        platform.replace(name)

    return strike


def _freeze(name: str) -> Callable[[Platform], None]:
    def strike(platform: Platform) -> None:
        platform.signal(name, signal.SIGSTOP)
        time.sleep(HOLD_SECONDS)
        platform.signal(name, signal.SIGCONT)

    return strike


def _cut(*names: str) -> Callable[[Platform], None]:
    def strike(platform: Platform) -> None:
        for name in names:
            platform.proxies[name].cut()

    return strike


def _refuse(name: str) -> Callable[[Platform], None]:
    def strike(platform: Platform) -> None:
        platform.proxies[name].refuse()
        time.sleep(HOLD_SECONDS)
        platform.proxies[name].restore()

    return strike


def _slow_down(name: str) -> Callable[[Platform], None]:
    def strike(platform: Platform) -> None:
        platform.proxies[name].delay_seconds = 0.05
        time.sleep(HOLD_SECONDS)
        platform.proxies[name].restore()

    return strike


def _kill_pool_process(platform: Platform) -> None:
    until(lambda: platform.has_pool_process("discovery"), "the worker has a pool process")
    platform.pool_process("discovery").kill()


def _restart_redis(platform: Platform) -> None:
    platform.redis.stop()
    platform.redis.start()


def _restart_postgres(platform: Platform) -> None:
    platform.postgres.stop()
    platform.postgres.start()


def _flush(platform: Platform) -> None:
    platform.broker.flushall()


def _lose_message(platform: Platform) -> None:
    platform.proxies["redis"].lose_answer(b"BRPOP", holding=b"_task")


BLOWS: Final = (
    Blow(name="kill a pool process", strike=_kill_pool_process, kills_visits=True),
    Blow(name="kill the discovery worker", strike=_kill("discovery"), kills_visits=True),
    Blow(name="restart PostgreSQL", strike=_restart_postgres, kills_visits=True),
    Blow(name="cut PostgreSQL's connections", strike=_cut("postgres", "api-postgres"), kills_visits=True),
    Blow(name="PostgreSQL refuses for 3 s", strike=_refuse("postgres"), kills_visits=True),
    Blow(name="PostgreSQL is slow for 3 s", strike=_slow_down("postgres")),
    Blow(name="kill the analysis worker", strike=_kill("analysis")),
    Blow(name="kill the scheduler", strike=_kill("scheduler")),
    Blow(name="kill the API", strike=_kill("api")),
    Blow(name="drain the discovery worker", strike=_drain("discovery")),
    Blow(name="drain the analysis worker", strike=_drain("analysis")),
    Blow(name="replace the scheduler", strike=_drain("scheduler")),
    Blow(name="freeze the discovery worker for 3 s", strike=_freeze("discovery")),
    Blow(name="freeze the scheduler for 3 s", strike=_freeze("scheduler")),
    Blow(name="cut Redis's connections", strike=_cut("redis")),
    Blow(name="Redis refuses for 3 s", strike=_refuse("redis")),
    Blow(name="Redis is slow for 3 s", strike=_slow_down("redis")),
    Blow(name="restart Redis", strike=_restart_redis),
    Blow(name="flush Redis", strike=_flush),
    Blow(name="lose the next message popped", strike=_lose_message),
)

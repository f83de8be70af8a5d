"""Checks made beside each other, each within its time; one that breaks hides none of the others."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from redis.exceptions import NoPermissionError, RedisError

from formscout.checkup.findings import Finding, Level, NotLookedAt, Report, fail, warn
from formscout.domain.errors import FormscoutError

Look = Callable[[], Awaitable[Sequence[Finding]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to look at."""

    name: str
    look: Look
    needs: tuple[str, ...] = ()  # checks without whose success this one would only say the same again


async def examine(checks: Sequence[Check], *, seconds: float) -> Report:
    """Make every check whose needs are met; `seconds` is what each may take."""
    first = [check for check in checks if not check.needs]
    found = dict(zip((check.name for check in first), await _beside(first, seconds), strict=True))
    broken = {name for name, findings in found.items() if any(one.level is Level.FAIL for one in findings)}
    given = {check.name for check in checks}
    second = [check for check in checks if check.needs and not _missing(check, given, broken)]
    found |= dict(zip((check.name for check in second), await _beside(second, seconds), strict=True))
    return Report(
        findings=tuple(one for check in checks for one in found.get(check.name, ())),
        not_looked_at=tuple(
            NotLookedAt(check=check.name, why=f"{' and '.join(missing)} must be well first")
            for check in checks
            if (missing := _missing(check, given, broken))
        ),
    )


def _missing(check: Check, given: Collection[str], broken: Collection[str]) -> list[str]:
    return [name for name in check.needs if name in broken or name not in given]


async def _beside(checks: Sequence[Check], seconds: float) -> list[Sequence[Finding]]:
    return list(await asyncio.gather(*(_within(check, seconds) for check in checks)))


async def _within(check: Check, seconds: float) -> Sequence[Finding]:
    """Make one check; what it raises becomes its finding. Nobody knows what a strange error says, so only its kind is told."""
    try:
        async with asyncio.timeout(seconds):
            return await check.look()
    except TimeoutError:
        limit = f"It took longer than {seconds:g} s."
        return [fail(check.name, limit, "See whether what it asks is overloaded or cut off from here; --timeout gives it longer.")]
    except FormscoutError as error:
        return [fail(check.name, error.message)]
    except NoPermissionError:
        more = "Name an address of Redis with more rights (INFO, TIME, LLEN, HLEN, TYPE) in FORMSCOUT_DOCTOR_REDIS_URL."
        return [warn(check.name, "The user of REDIS_URL may not look at this.", more)]
    except (RedisError, OSError) as error:
        return [fail(check.name, f"It does not answer ({type(error).__name__}).", "See whether it runs, and can be reached from here.")]
    except Exception as error:  # noqa: BLE001 a door: the other checks must be told
        return [fail(check.name, f"The check itself broke off ({type(error).__name__}).", "Please report it.")]

"""Checks of Redis: is it there, what may we do, does it keep what it is given, has it room, do the clocks agree."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import redis.asyncio
from redis.exceptions import AuthenticationError, RedisError

from formscout.checkup.database import judge_clock
from formscout.checkup.findings import Finding, fail, mark, ok, warn
from formscout.checkup.rights import NEEDED, lacking
from formscout.domain.errors import FormscoutError

OLDEST_REDIS: Final = (6, 2)
"""What the embedded platform runs; earlier ones lack commands that the transport uses."""

FULL_WARN: Final = 0.8
FULL_FAIL: Final = 0.95
"""Parts of its memory in use. With `noeviction` a full Redis refuses to write: no message rings, though no work is lost."""

Info = Mapping[str, Any]  # Any: numbers and text, as Redis says them


async def look_at_redis(client: redis.asyncio.Redis) -> Sequence[Finding]:
    """Connect."""
    try:
        await client.ping()
    except (RedisError, OSError, ValueError) as error:
        return [why_not(error)]
    return [ok("redis", "It answers.")]


def why_not(error: Exception) -> Finding:
    """Say what keeps one from Redis; what redis-py says of connecting holds the place and the reason, never a password."""
    if isinstance(error, AuthenticationError):
        return fail("redis", "It refuses user name or password.", "Check those in REDIS_URL.")
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        mend = "Name its authority's file in FORMSCOUT_REDIS_CA, and in REDIS_URL the host as the certificate has it."
        return fail("redis", f"Its certificate is not trusted ({error}).", mend)
    if isinstance(error, FormscoutError):
        return fail("redis", error.message)
    if isinstance(error, ValueError):
        return fail("redis", f"{error}.", "Mend REDIS_URL or FORMSCOUT_REDIS_CA.")
    return fail("redis", f"It does not answer ({type(error).__name__}: {error}).", "See whether it runs; check REDIS_URL.")


async def look_at_server(client: redis.asyncio.Redis) -> Sequence[Finding]:
    """See what kind of server it is, and how it is set up."""
    info: Info = await client.info("everything")
    return [judge_version(info), judge_eviction(info), judge_memory(info), *judge_persistence(info)]


def judge_version(info: Info) -> Finding:
    """Say whether the server is recent enough and takes writes."""
    check = "redis-version"
    name, version = ("Valkey", info["valkey_version"]) if "valkey_version" in info else ("Redis", info["redis_version"])
    if info.get("role") == "slave":
        return fail(check, f"This {name} is a replica and takes no writes.", "Let REDIS_URL name the master, or the sentinels.")
    if tuple(int(part) for part in str(info["redis_version"]).split(".")[:2]) < OLDEST_REDIS:
        return fail(check, f"{name} {version} is too old.", f"Upgrade to {'.'.join(map(str, OLDEST_REDIS))} or later.")
    return ok(check, f"{name} {version} takes writes.")


def judge_eviction(info: Info) -> Finding:
    """Say whether the server throws things away to make room."""
    check, policy = "redis-eviction", info["maxmemory_policy"]
    if policy == "noeviction":
        return ok(check, "It throws nothing away to make room (noeviction).")
    why = f"It may throw away what is in flight to make room ({policy}), and autoscalers would see busy workers as idle."
    return fail(check, why, "Set maxmemory-policy to noeviction.")


def judge_memory(info: Info) -> Finding:
    """Say how full its memory is: the limit that was set, else the machine's."""
    used, limit = int(info["used_memory"]), int(info.get("maxmemory") or info.get("total_system_memory") or 0)
    if not limit:
        return ok("redis-memory", f"{used / 2**20:.0f} MiB are in use.")
    sentence = f"{used / 2**20:.0f} of {limit / 2**20:.0f} MiB are in use ({used / limit:.0%})."
    mend = "Give it more memory (maxmemory), and see what else writes to it."
    return mark("redis-memory", used / limit, warn_from=FULL_WARN, fail_from=FULL_FAIL, sentence=sentence, mend=mend)


def judge_persistence(info: Info) -> Sequence[Finding]:
    """Say whether what it holds outlives it."""
    check = "redis-persistence"
    if int(info.get("aof_enabled", 0)):
        if info.get("aof_last_write_status", "ok") != "ok":
            return [fail(check, "It cannot write its append-only file.", "Make room on its disk, or mend that.")]
        return [ok(check, "It keeps an append-only file.")]
    if int(info.get("rdb_changes_since_last_save", 0)) and info.get("rdb_last_bgsave_status", "ok") != "ok":
        return [fail(check, "Its last snapshot could not be written, so it may refuse to write at all.", "Make room on its disk.")]
    gone = "It keeps no append-only file: when it restarts, messages are rung again from the rows, and workers must be seen anew."
    return [warn(check, gone, "Set appendonly to yes, appendfsync to everysec.")]


async def look_at_clock(client: redis.asyncio.Redis) -> Sequence[Finding]:
    """Compare Redis' clock with this machine's."""
    asked = datetime.now(UTC)
    seconds, microseconds = await client.time()
    theirs = datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
    return [judge_clock("redis-clock", "Redis", theirs=theirs, asked=asked, answered=datetime.now(UTC))]


async def look_at_rights(client: redis.asyncio.Redis) -> Sequence[Finding]:
    """See for which of our processes the user of REDIS_URL would do."""
    check = "redis-rights"
    found = {role: await lacking(client, commands) for role, commands in NEEDED.items()}
    able = [role for role, missing in found.items() if not missing]
    if able:
        return [ok(check, f"The user of REDIS_URL may do all that is needed by {' and by '.join(able)}.")]
    role, missing = min(found.items(), key=lambda one: len(one[1]))
    refused = f"The user of REDIS_URL may do all that is needed by nobody; by {role}, it lacks {', '.join(missing)}."
    return [fail(check, refused, "Take the rules of charts/formscout/files/redis-users.acl.")]

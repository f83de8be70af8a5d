"""Checks of PostgreSQL: is it there, does its schema fit, do the clocks agree, has it room, do the keys open what it holds."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from formscout.checkup.findings import Finding, fail, mark, ok, warn
from formscout.domain.errors import SchemaOutdatedError, SecretUnreadableError
from formscout.security.encryption import KeyRing
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.storage.inspection import InspectionStore, Server
from formscout.storage.snapshots import SnapshotStore

OLDEST_POSTGRESQL: Final = 14
"""The oldest release that its makers still mend; we test on 18."""

SKEW_WARN_SECONDS: Final = 2.0
"""What a clock that is kept by NTP never shows."""

SKEW_FAIL_SECONDS: Final = 10.0
"""Half of the time after which a silent worker counts as gone: beyond it, workers seem to come and go."""

BUSY_WARN: Final = 0.8
BUSY_FAIL: Final = 0.95
"""Parts of all connections in use: a few more workers, and the next one is refused."""


async def look_at_server(database: Database) -> Sequence[Finding]:
    """Connect, and see that it takes writes."""
    found = await _server(database)
    release = found.version // 10_000
    if found.in_recovery:
        return [fail("postgresql", "It is a standby and takes no writes.", "Let DATABASE_URL name the primary.")]
    if release < OLDEST_POSTGRESQL:
        return [fail("postgresql", f"PostgreSQL {release} is too old.", f"Upgrade to {OLDEST_POSTGRESQL} or later.")]
    return [ok("postgresql", f"PostgreSQL {release} answers and takes writes.")]


async def look_at_schema(database: Database) -> Sequence[Finding]:
    """Compare the schema's revision with that of this release."""
    try:
        await schema.check(database)
    except SchemaOutdatedError as error:
        return [fail("schema", error.message, f"Run `{schema.UPGRADE_COMMAND}` of this release.")]
    current, wanted = await schema.current(database), schema.head()
    if current != wanted:
        newer = f"It is at {current}, which a newer release made; this one goes up to {wanted} and works on it."
        return [warn("schema", newer, "Bring this release up to the newer one, if no upgrade is under way.")]
    return [ok("schema", f"It is at {current}, as this release needs.")]


async def look_at_clock(database: Database) -> Sequence[Finding]:
    """Compare PostgreSQL's clock with this machine's."""
    asked = datetime.now(UTC)
    found = await _server(database)
    return [judge_clock("postgresql-clock", "PostgreSQL", theirs=found.now, asked=asked, answered=datetime.now(UTC))]


def judge_clock(check: str, whose: str, *, theirs: datetime, asked: datetime, answered: datetime) -> Finding:
    """Say how far a clock is off; what the question may have been under way counts for nothing."""
    skew = max(theirs - answered, asked - theirs, timedelta()).total_seconds()
    way = "behind" if theirs < asked else "ahead of"
    sentence = (
        f"The clock of {whose} is {skew:.1f} s {way} this machine's." if skew else f"The clocks of {whose} and of this machine agree."
    )
    mend = "Have both machines keep time by NTP (chrony, systemd-timesyncd)."
    return mark(check, skew, warn_from=SKEW_WARN_SECONDS, fail_from=SKEW_FAIL_SECONDS, sentence=sentence, mend=mend)


async def look_at_connections(database: Database) -> Sequence[Finding]:
    """See how many more connections there may be."""
    found = await _server(database)
    sentence = f"{found.connections} of {found.most_connections} connections are open."
    mend = "Raise max_connections, put PgBouncer before it, or let FORMSCOUT_DATABASE_POOL_SIZE be smaller."
    busy = found.connections / found.most_connections
    return [mark("postgresql-connections", busy, warn_from=BUSY_WARN, fail_from=BUSY_FAIL, sentence=sentence, mend=mend)]


async def look_at_keys(database: Database, keys: KeyRing) -> Sequence[Finding]:
    """Open one secret of each key that was ever used, and see that no other key is wanted."""
    check = "encryption-keys"
    async with database.look() as connection:
        store = InspectionStore(connection)
        used, samples = await store.key_ids(), await store.sealed_samples()
    if missing := sorted(used - keys.ids):
        gone = f"Something is sealed with {', '.join(missing)}, which FORMSCOUT_ENCRYPTION_KEYS does not have."
        return [fail(check, gone, "Put the missing keys behind the others; what they sealed cannot be read without.")]
    for sample in samples:
        try:
            keys.open(sample.sealed, purpose=sample.purpose)
        except SecretUnreadableError as error:
            return [fail(check, f"A {sample.noun} does not open.", error.message)]
    return [ok(check, f"{keys.sealing_key_id} seals; {_count(len(samples), 'secret')} of {_count(len(used), 'key')} opened.")]


async def look_at_blobs(database: Database, url: str) -> Sequence[Finding]:
    """Write, read and delete a blob."""
    try:
        store = SnapshotStore.connect(url, database)
    except OSError as error:
        said = f"Its directory cannot be used ({type(error).__name__})."
        return [fail("snapshot-store", said, "Mend FORMSCOUT_SNAPSHOT_STORE, or the rights of the directory.")]
    await store.try_out()
    return [ok("snapshot-store", "A blob was written, read back and deleted.")]


async def _server(database: Database) -> Server:
    async with database.look() as connection:
        return await InspectionStore(connection).server()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

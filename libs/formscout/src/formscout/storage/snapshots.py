"""The store of snapshots and screenshots: blobs in a directory, a PostgreSQL table or an S3-compatible store, by URL."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol, Self
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from obstore.exceptions import BaseError as ObjectStoreError
from obstore.store import LocalStore, ObjectStore, S3Store
from sqlalchemy import delete, insert, select

from formscout.domain.errors import SettingsError, SnapshotDamagedError, StoreUnavailableError
from formscout.domain.ids import CrawlSessionId
from formscout.domain.snapshots import BlobRef, Snapshot
from formscout.storage.database import Database
from formscout.storage.snapshot_codec import decode, encode
from formscout.tables.snapshots import blob
from formscout.telemetry import metrics

DELETED_AT_ONCE: Final = 100
"""Blobs deleted in one statement or request; S3 takes 1000."""

_AFTER_SLASH: Final = chr(ord("/") + 1)


class _Blobs(Protocol):
    async def put(self, key: str, content: bytes) -> None: ...

    async def get(self, key: str) -> bytes | None: ...

    async def delete(self, key: str) -> None: ...

    async def delete_below(self, folder: str) -> None: ...


class _TableBlobs:
    """Blobs in PostgreSQL: one backup, one thing to run."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, key: str, content: bytes) -> None:
        async with self._database.begin() as connection:
            await connection.execute(insert(blob).values(key=key, content=content))

    async def get(self, key: str) -> bytes | None:
        async with self._database.begin() as connection:
            return (await connection.execute(select(blob.c.content).where(blob.c.key == key))).scalar_one_or_none()

    async def delete(self, key: str) -> None:
        async with self._database.begin() as connection:
            await connection.execute(delete(blob).where(blob.c.key == key))

    async def delete_below(self, folder: str) -> None:
        some = select(blob.c.key).where(blob.c.key >= f"{folder}/", blob.c.key < f"{folder}{_AFTER_SLASH}").limit(DELETED_AT_ONCE)
        while True:
            async with self._database.begin() as connection:
                if not (await connection.execute(delete(blob).where(blob.c.key.in_(some)).returning(blob.c.key))).all():
                    return


@contextmanager
def _failures_counted() -> Iterator[None]:
    try:
        yield
    except (ObjectStoreError, OSError):
        metrics.STORE_FAILURES.inc(store=metrics.Store.SNAPSHOTS)
        raise


class _ObjectBlobs:
    """Blobs in whatever `obstore` speaks to."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, key: str, content: bytes) -> None:
        with _failures_counted():
            await self._store.put_async(key, content)

    async def get(self, key: str) -> bytes | None:
        with _failures_counted():
            try:
                return bytes(await (await self._store.get_async(key)).bytes_async())
            except FileNotFoundError:
                return None

    async def delete(self, key: str) -> None:
        await self._store.delete_async(key)

    async def delete_below(self, folder: str) -> None:
        # Whole names are compared: `sessions/1` leaves `sessions/10` alone. What is listed is deleted after the listing.
        keys = [found["path"] async for some in self._store.list(folder, chunk_size=DELETED_AT_ONCE) for found in some]
        for start in range(0, len(keys), DELETED_AT_ONCE):
            try:
                await self._store.delete_async(keys[start : start + DELETED_AT_ONCE])
            except FileNotFoundError:  # somebody else sweeps, too; a file system says so, and stops there
                for key in keys[start : start + DELETED_AT_ONCE]:
                    with suppress(FileNotFoundError):
                        await self._store.delete_async(key)


class SnapshotStore:
    """Snapshots and screenshots by reference; what is read is checked against the reference's digest."""

    def __init__(self, blobs: _Blobs) -> None:
        self._blobs = blobs

    @classmethod
    def connect(cls, url: str, database: Database) -> Self:
        """Return the store that `url` names: `database:`, `file:///a/directory` or `s3://bucket/prefix`.

        Raises `SettingsError` for anything else.
        """
        parts = urlsplit(url)
        if parts.scheme == "database":
            return cls(_TableBlobs(database))
        # With a host it is most likely `file://data/…` for `file:///data/…`.
        if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
            directory = Path(unquote(parts.path))
            directory.mkdir(parents=True, exist_ok=True)
            return cls(_ObjectBlobs(LocalStore(directory, automatic_cleanup=True)))
        if parts.scheme == "s3" and parts.netloc:
            return cls(_ObjectBlobs(S3Store.from_url(url)))
        raise SettingsError(
            "FORMSCOUT_SNAPSHOT_STORE names nothing that is known here; give database:, file:///a/directory or s3://bucket/prefix."
        )

    async def put_snapshot(self, session_id: CrawlSessionId, snapshot: Snapshot) -> BlobRef:
        """Store a snapshot, compressed."""
        return await self._put(f"sessions/{session_id}/{uuid4().hex}.snapshot.json.zst", encode(snapshot))

    async def put_screenshot(self, session_id: CrawlSessionId, png: bytes) -> BlobRef:
        """Store a PNG."""
        return await self._put(f"sessions/{session_id}/{uuid4().hex}.png", png)

    async def snapshot(self, ref: BlobRef) -> Snapshot:
        """Read a snapshot back. Raises `SnapshotDamagedError`."""
        return decode(await self.read(ref))

    async def read(self, ref: BlobRef) -> bytes:
        """Read a blob's bytes back. Raises `SnapshotDamagedError` when it is gone or is not what was stored."""
        try:
            content = await self._blobs.get(ref.key)
        except (ObjectStoreError, OSError) as error:
            raise SnapshotDamagedError(f"The blob {ref.key} cannot be read: {type(error).__name__}. Check the snapshot store.") from error
        if content is None:
            raise SnapshotDamagedError(f"The blob {ref.key} is gone from the snapshot store; run the discovery again.")
        if sha256(content).hexdigest() != ref.digest:
            raise SnapshotDamagedError(f"The blob {ref.key} is not what was stored (its digest differs); run the discovery again.")
        return content

    async def delete(self, ref: BlobRef) -> None:
        """Delete a blob."""
        await self._blobs.delete(ref.key)

    async def delete_session(self, session_id: CrawlSessionId) -> None:
        """Delete every blob of a session, also those that no row came to name; again changes nothing.

        A blob belongs to one session and its key is never used twice, so nobody else can want it. Raises `StoreUnavailableError`.
        """
        try:
            await self._blobs.delete_below(f"sessions/{session_id}")
        except (ObjectStoreError, OSError) as error:
            metrics.STORE_FAILURES.inc(store=metrics.Store.SNAPSHOTS)
            raise StoreUnavailableError("The snapshot store does not delete. Check FORMSCOUT_SNAPSHOT_STORE and its rights.") from error

    async def try_out(self) -> None:
        """Write a blob of no session, read it back and delete it. Raises `StoreUnavailableError` that says what did not work."""
        key, content = f"doctor/{uuid4().hex}", uuid4().bytes
        steps: tuple[tuple[str, Callable[[], Awaitable[object]]], ...] = (
            ("written", lambda: self._blobs.put(key, content)),
            ("read back", lambda: self._blobs.get(key)),
            ("deleted", lambda: self._blobs.delete(key)),
        )
        for done, step in steps:
            try:
                answer = await step()
            except (ObjectStoreError, OSError) as error:
                said = f"A blob could not be {done} ({type(error).__name__})."
                raise StoreUnavailableError(f"{said} Check FORMSCOUT_SNAPSHOT_STORE, its rights and its room.") from error
            if done == "read back" and answer != content:
                raise StoreUnavailableError(
                    "A blob that was written is not there, or is another. Check what FORMSCOUT_SNAPSHOT_STORE names."
                )

    async def _put(self, key: str, content: bytes) -> BlobRef:
        await self._blobs.put(key, content)
        return BlobRef(key=key, digest=sha256(content).hexdigest(), size=len(content))

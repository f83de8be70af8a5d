"""The store of snapshots: what is read is what was stored, or says that it is not."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.sessions import execute, scalar
from tests.support.snapshots import page

from formscout.domain.errors import SettingsError, SnapshotDamagedError
from formscout.domain.ids import CrawlSessionId
from formscout.domain.snapshots import BlobRef
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore

SESSION = CrawlSessionId(7)
SNAPSHOT = page("<form><label for=n>Name, ä € 😀</label><input id=n name=n></form>")


@pytest.fixture(params=["directory", "table"])
def store(request: pytest.FixtureRequest, tmp_path: Path, database: Database) -> SnapshotStore:
    url = "database:" if request.param == "table" else tmp_path.joinpath("our blobs").as_uri()
    return SnapshotStore.connect(url, database)


async def test_a_snapshot_comes_back_as_it_was(store: SnapshotStore) -> None:
    ref = await store.put_snapshot(SESSION, SNAPSHOT)
    assert await store.snapshot(ref) == SNAPSHOT
    assert ref.size == len(await store.read(ref))


async def test_a_screenshot_comes_back_as_it_was(store: SnapshotStore) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100
    ref = await store.put_screenshot(SESSION, picture)
    assert await store.read(ref) == picture


async def test_equal_snapshots_are_kept_apart(store: SnapshotStore) -> None:
    first, second = await store.put_snapshot(SESSION, SNAPSHOT), await store.put_snapshot(SESSION, SNAPSHOT)
    await store.delete(first)
    assert await store.snapshot(second) == SNAPSHOT


async def test_a_blob_that_is_gone_says_so(store: SnapshotStore) -> None:
    ref = await store.put_snapshot(SESSION, SNAPSHOT)
    await store.delete(ref)
    with pytest.raises(SnapshotDamagedError, match="is gone"):
        await store.snapshot(ref)


async def test_a_reference_to_other_content_is_refused(store: SnapshotStore) -> None:
    ref = await store.put_snapshot(SESSION, SNAPSHOT)
    other = await store.put_screenshot(SESSION, b"other")
    with pytest.raises(SnapshotDamagedError, match="digest differs"):
        await store.snapshot(replace(ref, key=other.key))


async def test_a_blob_damaged_in_the_directory_is_refused(tmp_path: Path, database: Database) -> None:
    store = SnapshotStore.connect(tmp_path.as_uri(), database)
    ref = await store.put_snapshot(SESSION, SNAPSHOT)
    file = tmp_path / ref.key
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(SnapshotDamagedError, match="digest differs"):
        await store.snapshot(ref)


async def test_a_blob_cut_off_in_the_table_is_refused(database: Database) -> None:
    store = SnapshotStore.connect("database:", database)
    ref = await store.put_snapshot(SESSION, SNAPSHOT)
    await execute(database, "UPDATE blob SET content = substr(content, 1, 20)")
    with pytest.raises(SnapshotDamagedError, match="digest differs"):
        await store.snapshot(ref)
    assert await scalar(database, "SELECT count(*) FROM blob") == 1


async def test_bytes_that_are_no_snapshot_are_refused(store: SnapshotStore) -> None:
    ref: BlobRef = await store.put_screenshot(SESSION, b"not zstandard")
    with pytest.raises(SnapshotDamagedError):
        await store.snapshot(ref)


@pytest.mark.parametrize("url", ["", "relative/path", "file://host/path", "ftp://host/path", "s3:"])
def test_an_address_that_names_no_store_is_refused(database: Database, url: str) -> None:
    with pytest.raises(SettingsError, match="FORMSCOUT_SNAPSHOT_STORE"):
        SnapshotStore.connect(url, database)

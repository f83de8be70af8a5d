"""Snapshots as bytes: JSON, compressed."""

from typing import Final

import msgspec
import zstandard

from formscout.domain.errors import SnapshotDamagedError
from formscout.domain.snapshots import SNAPSHOT_VERSION, Snapshot

SUFFIX: Final = ".snapshot.json.zst"
"""How the name of a snapshot's file ends."""
LEVEL: Final = 6
"""zstd level: a page of 1 MB JSON takes some 15 ms, and higher ones gain under 5 % of size."""
LARGEST: Final = 512 * 1024 * 1024
"""Bytes a snapshot may unpack to; a file that claims more is damaged or hostile."""


def encode(snapshot: Snapshot) -> bytes:
    """Return the snapshot as zstd-compressed JSON."""
    return zstandard.ZstdCompressor(level=LEVEL, write_content_size=True).compress(msgspec.json.encode(snapshot))


def decode(data: bytes) -> Snapshot:
    """Return the snapshot that `encode` made bytes of; raise `SnapshotDamagedError` for any other bytes."""
    try:
        if zstandard.frame_content_size(data) > LARGEST:
            raise SnapshotDamagedError(f"The snapshot claims to unpack to more than {LARGEST} bytes; take it again.")
        text = zstandard.ZstdDecompressor().decompress(data, max_output_size=LARGEST)
        snapshot = msgspec.json.decode(text, type=Snapshot)
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise SnapshotDamagedError(f"This is no snapshot ({error}); take it again with `formscout-discovery snapshot`.") from error
    if snapshot.version != SNAPSHOT_VERSION:
        raise SnapshotDamagedError(f"The snapshot has version {snapshot.version}, this release reads {SNAPSHOT_VERSION}; take it again.")
    return snapshot

"""Snapshots as bytes."""

from dataclasses import replace

import pytest
from tests.support.snapshots import page

from formscout.domain.errors import SnapshotDamagedError
from formscout.domain.snapshots import ProbeDelta
from formscout.storage.snapshot_codec import decode, encode


def test_a_snapshot_comes_back_as_it_went_in() -> None:
    snapshot = page(
        '<iframe src="https://x.example/"><html></html></iframe><input name="ä">',
        deltas=(ProbeDelta(control=3, choice="x", choices={4: ("A",)}),),
    )
    assert decode(encode(snapshot)) == snapshot


@pytest.mark.parametrize("data", [b"", b"nonsense", encode(page("<p>x</p>"))[:-9]])
def test_damaged_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SnapshotDamagedError):
        decode(data)


def test_a_snapshot_of_another_version_is_refused() -> None:
    with pytest.raises(SnapshotDamagedError, match="version 99"):
        decode(encode(replace(page("<p>x</p>"), version=99)))

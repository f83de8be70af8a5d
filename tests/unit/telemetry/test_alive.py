"""The file of a process that lives."""

from pathlib import Path

import pytest

from formscout.domain.errors import SettingsError
from formscout.telemetry.alive import AliveFile


def test_what_an_earlier_process_left_is_taken_away_at_once(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    file.touch()
    alive = AliveFile(file)
    assert not file.exists(), "nothing has turned yet"
    alive.touch()
    assert file.exists()


def test_once_removed_it_stays_away(tmp_path: Path) -> None:
    alive = AliveFile(tmp_path / "alive")
    alive.touch()
    alive.remove()
    alive.touch()
    alive.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written: Is a directory"):
        AliveFile(tmp_path)


def test_without_a_path_nothing_happens() -> None:
    alive = AliveFile(None)
    alive.touch()
    alive.remove()

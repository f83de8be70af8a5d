"""The data directory: secrets made once, for their owner's eyes, and paths that fit."""

from pathlib import Path

import pytest

from formscout.domain.errors import PlatformError
from formscout.local.directory import SOCKET_PATH_LIMIT, DataDirectory, default_data_directory, read_variables, write_variables
from formscout.security.encryption import KeyRing


def test_the_encryption_key_is_made_once_and_can_seal(tmp_path: Path) -> None:
    directory = DataDirectory(path=tmp_path)
    keys = directory.encryption_keys()
    assert directory.encryption_keys() == keys
    ring = KeyRing.parse(keys)
    assert ring.open(ring.seal(b"secret", purpose="p"), purpose="p") == b"secret"


def test_an_emptied_secret_is_never_replaced_by_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "encryption.keys").touch()
    with pytest.raises(PlatformError, match=r"encryption.keys is empty\. Restore it"):
        DataDirectory(path=tmp_path).encryption_keys()


def test_only_its_owner_reads_what_is_in_it(tmp_path: Path) -> None:
    directory = DataDirectory(path=tmp_path / "data")
    directory.prepare()
    directory.encryption_keys()
    write_variables(directory.client_env, {"FORMSCOUT_API_KEY": "fsk_x"})
    assert directory.path.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in (directory.client_env, directory.path / "encryption.keys"))


def test_variables_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_variables(tmp_path / "env", {"A": "postgresql://x?host=/a=b", "B": "2"})
    assert read_variables(tmp_path / "env") == {"A": "postgresql://x?host=/a=b", "B": "2"}
    assert read_variables(tmp_path / "none") == {}


def test_sockets_lie_inside_unless_the_path_is_too_long() -> None:
    assert DataDirectory(path=Path("/data")).sockets == Path("/data/run")
    deep = DataDirectory(path=Path("/", "d" * SOCKET_PATH_LIMIT))
    assert not deep.sockets.is_relative_to(deep.path)
    assert deep.sockets == DataDirectory(path=deep.path).sockets
    assert deep.sockets != DataDirectory(path=Path("/", "e" * SOCKET_PATH_LIMIT)).sockets


def test_a_file_in_its_place_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(PlatformError, match=r"cannot be used: .*--data-dir"):
        DataDirectory(path=tmp_path / "data").prepare()


def test_the_usual_place_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/xdg")
    assert default_data_directory() == Path("/xdg/formscout")

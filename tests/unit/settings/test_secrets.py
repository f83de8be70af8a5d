"""Secrets as files: a directory of them stands in for variables, and the environment wins."""

from pathlib import Path

import pytest

from formscout.config import PlatformSettings, find_variable, read_settings
from formscout.domain.errors import SettingsError

URL = "postgresql://of-the-file/"


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORMSCOUT_SECRETS_DIR", str(tmp_path))
    (tmp_path / "DATABASE_URL").write_text(f"{URL}\n")
    return tmp_path


def test_a_file_stands_in_for_a_variable_that_is_not_set(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://of-the-environment/")
    (directory / "REDIS_URL").write_text("redis://of-the-file/")
    (directory / "FORMSCOUT_DATABASE_POOL_SIZE").write_text("7")
    settings = read_settings(PlatformSettings)
    assert settings.database_url.get_secret_value() == URL
    assert settings.redis_url.get_secret_value() == "redis://of-the-environment/"
    assert settings.database_pool_size == 7


def test_what_neither_has_is_named_with_both_remedies(directory: Path) -> None:
    assert directory.is_dir()
    with pytest.raises(SettingsError, match=r"REDIS_URL: .*environment variables, or put files of these names into FORMSCOUT_SECRETS_DIR"):
        read_settings(PlatformSettings)


def test_a_directory_that_is_not_there_is_named(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMSCOUT_SECRETS_DIR", str(directory / "nowhere"))
    with pytest.raises(SettingsError, match=r"FORMSCOUT_SECRETS_DIR names .*/nowhere, which is no directory"):
        read_settings(PlatformSettings)


def test_the_command_line_finds_single_variables_there_too(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (find_variable("DATABASE_URL"), find_variable("REDIS_URL")) == (URL, None)
    monkeypatch.setenv("DATABASE_URL", "postgresql://of-the-environment/")
    assert find_variable("DATABASE_URL") == "postgresql://of-the-environment/"
    (directory / "REDIS_URL").mkdir()
    with pytest.raises(SettingsError, match=r"REDIS_URL cannot be read"):
        find_variable("REDIS_URL")

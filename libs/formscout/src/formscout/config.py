"""The settings that every deployable shares, read once from environment and files: complete, or the process refuses to start."""

import os
import ssl
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar
from urllib.parse import urlencode

from pydantic import AliasChoices, Field, FilePath, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from formscout.domain.errors import SettingsError
from formscout.domain.jobs import LEASE_SECONDS

SECRETS_DIRECTORY: Final = "FORMSCOUT_SECRETS_DIR"
"""Names a directory with a file for each setting that is kept out of the environment, named like its variable."""


def with_authorities(redis_url: str, file: Path | None) -> str:
    """Return an address of Redis with the file of the authorities that its certificate must come from. Raises `ValueError`."""
    if file is None:
        return redis_url
    if not redis_url.startswith("rediss"):
        raise ValueError("FORMSCOUT_REDIS_CA is for TLS: let the address begin with rediss:// or rediss+sentinel://, or leave it out")
    try:
        ssl.create_default_context(cafile=file)
    except (ssl.SSLError, OSError):
        raise ValueError(f"FORMSCOUT_REDIS_CA: {file} holds no certificates that can be read (PEM)") from None
    return f"{redis_url}{'&' if '?' in redis_url else '?'}{urlencode({'ssl_ca_certs': str(file)})}"


class BrokerSettings(BaseSettings):
    """Where Redis is; variables are `FORMSCOUT_…`, but for `REDIS_URL`."""

    model_config = SettingsConfigDict(env_prefix="FORMSCOUT_", frozen=True, extra="ignore", populate_by_name=True)

    redis_ca: FilePath | None = None
    """The authorities that Redis' certificate must come from, where `REDIS_URL` asks for TLS; by default those of the system."""
    redis_url: SecretStr = Field(validation_alias=AliasChoices("REDIS_URL", "redis_url"))

    @field_validator("redis_url")
    @classmethod
    def _with_ca(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        """Add the file of the authorities, so that whoever has the address has all that it takes to connect."""
        if "redis_ca" not in info.data:  # it is wrong, and named itself
            return url
        return SecretStr(with_authorities(url.get_secret_value(), info.data["redis_ca"]))


class PlatformSettings(BrokerSettings):
    """Where the stores are and how a process speaks; `DATABASE_URL` has no prefix either."""

    database_url: SecretStr = Field(validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    database_pool_size: int = Field(default=2, ge=1, le=100)
    """Connections a process; 20 discovery pods of 2 and the rest must fit into PostgreSQL's default of 100."""
    lease_seconds: float = Field(default=LEASE_SECONDS, ge=3, le=300)
    """How long a worker that fell silent keeps its job; it renews three times within. Tests of dying workers shorten it."""
    max_running: int | None = Field(default=None, ge=1)
    """Jobs of one company that may run at once on each queue, where the company has no cap of its own; by default any number."""
    log_format: Literal["text", "json"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    alive_file: Path | None = None
    """Touched by the main loop of workers and scheduler every few seconds, for those who watch the process; None: not done."""
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where workers and scheduler serve their metrics; None: nowhere. The API serves its own beside its routes."""


class SnapshotSettings(BaseSettings):
    """Where blobs go."""

    model_config = SettingsConfigDict(env_prefix="FORMSCOUT_", frozen=True, extra="ignore")

    snapshot_store: str = "database:"
    """`database:` (a PostgreSQL table), `file:///a/directory`, or `s3://bucket/prefix` with the usual AWS_… variables."""


class EncryptionSettings(BaseSettings):
    """The keys that credentials are sealed with; only processes that handle credentials read them."""

    model_config = SettingsConfigDict(env_prefix="FORMSCOUT_", frozen=True, extra="ignore")

    encryption_keys: Annotated[SecretStr, NoDecode]
    """`id:base64-of-32-bytes`, comma separated; the first seals, all of them open, so keys can rotate."""


class WebhookSettings(BaseSettings):
    """Where webhooks may lead."""

    model_config = SettingsConfigDict(env_prefix="FORMSCOUT_", frozen=True, extra="ignore")

    webhooks_allow_private: bool = False
    """Whether receivers may have loopback and private addresses, and plain http: for installations whose receivers stand inside."""


Settings = TypeVar("Settings", bound=BaseSettings)


def read_settings(kind: type[Settings]) -> Settings:
    """Read a settings object from environment and secrets; raise `SettingsError` that names each variable, never a value."""
    try:
        return kind(_secrets_dir=_secrets_directory())
    except ValidationError as error:
        problems = "; ".join(f"{_variable(str(item['loc'][0]))}: {item['msg']}" for item in error.errors(include_input=False))
        where = f"Set these environment variables, or put files of these names into {SECRETS_DIRECTORY}."
        raise SettingsError(f"Settings are missing or wrong: {problems}. {where}") from None


def find_variable(name: str) -> str | None:
    """Return what a single variable holds, from the environment or else from the directory of secrets; None if neither has it."""
    directory = _secrets_directory()
    if os.environ.get(name) or directory is None:
        return os.environ.get(name) or None
    try:
        return (directory / name).read_text().strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{directory / name} cannot be read ({type(error).__name__}); see what {SECRETS_DIRECTORY} names.") from None


def _secrets_directory() -> Path | None:
    named = os.environ.get(SECRETS_DIRECTORY)
    if not named:
        return None
    if not Path(named).is_dir():
        raise SettingsError(f"{SECRETS_DIRECTORY} names {named}, which is no directory; mount the secrets there, or unset it.")
    return Path(named)


def _variable(location: str) -> str:
    return location if location.isupper() else f"FORMSCOUT_{location.upper()}"

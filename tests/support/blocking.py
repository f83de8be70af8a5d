"""Runs a module as `python -m` does, in a process whose main thread hangs for good once it is sent SIGUSR2."""

import runpy
import signal
import sys
import time

HUNG = "The main thread hangs now."


def _hang(*_: object) -> None:
    print(HUNG, file=sys.stderr, flush=True)  # noqa: T201 (the test waits for it)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR2, _hang)
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)

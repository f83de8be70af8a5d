"""Watches the memory of the control group that this process lives in."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import structlog

from formscout_discovery.policy.memory import MemoryState, fullest, memory_group, memory_state

LOOK_SECONDS: Final = 1.0
"""Between two looks: a look reads three small files, and the engine asks many times a second."""

PATIENCE_SECONDS: Final = 20.0
"""A slice works this long whatever its memory: where the limit is too low for any browser, it still goes on, page by page."""

MEBIBYTE: Final = 1 << 20

FILES: Final = {
    "v1": ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat"),
    "v2": ("memory.max", "memory.current", "memory.stat"),
}

_log = structlog.get_logger(__name__)


def read_memory(*, proc: Path = Path("/proc"), mount: Path = Path("/sys/fs/cgroup")) -> MemoryState | None:
    """Return the memory state nearest to its limit, of our own group and those above; None where nothing counts memory."""
    try:
        found = memory_group((proc / "self/cgroup").read_text())
    except OSError:
        return None
    if found is None:
        return None
    version, path = found
    root = mount / "memory" if version == "v1" else mount
    return fullest([state for folder in _folders(root, path) if (state := _state(folder, version)) is not None])


def _folders(root: Path, path: str) -> Iterator[Path]:
    """Yield our group's folder and those above; in a container the path may be the host's, and our group is the root then."""
    folder = root / path.lstrip("/")
    while folder != root and root in folder.parents:
        yield folder
        folder = folder.parent
    yield root


def _state(folder: Path, version: str) -> MemoryState | None:
    limit, usage, stat = FILES[version]
    try:
        return memory_state(limit=(folder / limit).read_text(), usage=(folder / usage).read_text(), stat=(folder / stat).read_text())
    except OSError:
        return None  # the root of version 2 has no such files, and a group of the host is not to be seen


class MemoryWatch:
    """Tells a slice that memory runs short; the kernel would kill the worker, and with it the visits in hand."""

    def __init__(self, look: Callable[[], MemoryState | None] = read_memory, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._clock = clock
        self._began = clock()
        self._next = self._began + PATIENCE_SECONDS
        self._is_short = False

    @property
    def is_short(self) -> bool:
        """Whether the slice should hand over; once it is so it stays so."""
        if not self._is_short and self._clock() >= self._next:
            self._next = self._clock() + LOOK_SECONDS
            state = self._look()
            if state is not None and state.limit is not None and state.is_full:
                self._is_short = True
                _log.warning(
                    "Memory runs short; the slice hands over, and its browser ends",
                    used_mib=state.working_set // MEBIBYTE,
                    limit_mib=state.limit // MEBIBYTE,
                )
        return self._is_short

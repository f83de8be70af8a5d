"""When a worker has used so much of its memory limit that it should hand over before the kernel kills it."""

import re
from dataclasses import dataclass
from typing import Final

FULL_SHARE: Final = 0.85
"""Of the limit; a heavy page takes some 100 MB more within the seconds that a visit lasts: 15 % of the 1 GiB that a worker is given."""

UNLIMITED: Final = 1 << 60
"""Version 1 writes "no limit" as the largest page-aligned number; no machine has an exbibyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryState:
    """What a control group says of its memory, in bytes."""

    limit: int | None  # None: as much as there is
    working_set: int  # used, without file pages that the kernel drops when it needs room

    @property
    def share(self) -> float:
        """The part of the limit that is used; 0 without a limit."""
        return 0.0 if self.limit is None else self.working_set / self.limit

    @property
    def is_full(self) -> bool:
        """Whether it is time to end what runs."""
        return self.share >= FULL_SHARE


def memory_state(*, limit: str, usage: str, stat: str) -> MemoryState | None:
    """Read the files of a control group, of version 1 or 2; None if they are not what the kernel writes.

    The working set is the kubelet's: usage less the inactive file pages. Version 1 counts descendants only in the `total_…` line.
    """
    used = _number(usage)
    bound = _number(limit)
    if used is None or (bound is None and limit.strip() != "max"):
        return None
    inactive = re.search(r"^total_inactive_file (\d+)$", stat, flags=re.MULTILINE) or re.search(
        r"^inactive_file (\d+)$", stat, flags=re.MULTILINE
    )
    if inactive is None:
        return None
    limited = bound is not None and 0 < bound < UNLIMITED
    return MemoryState(limit=bound if limited else None, working_set=max(0, used - int(inactive[1])))


def fullest(states: list[MemoryState]) -> MemoryState | None:
    """Return the state nearest to its limit: a process is bound by its own group and by each one above."""
    return max(states, key=lambda state: state.share, default=None)


def memory_group(membership: str) -> tuple[str, str] | None:
    """Say by `/proc/self/cgroup` which version counts the memory, and in which group: `("v1", "/path")`; None if none does."""
    lines = [line.split(":", 2) for line in membership.splitlines() if line.count(":") >= 2]  # noqa: PLR2004 (number:controllers:path)
    for _, controllers, path in lines:
        if "memory" in controllers.split(","):
            return "v1", path
    for number, controllers, path in lines:
        if number == "0" and not controllers:
            return "v2", path
    return None


def _number(text: str) -> int | None:
    stripped = text.strip()
    return int(stripped) if stripped.isdigit() else None

"""Memory of a running platform: the proportional set size of a process and of all that it started.

`uv run python -m bench.memory PID [GOAL_MB]`. That size counts a page that n processes share as an n-th of a page in each, so the sum
is what the machine would have back.
"""

import sys

import psutil

MEGABYTE = 1_000_000


def proportional(process: psutil.Process) -> int:
    """Return a process' proportional set size in bytes, or 0 when it has ended."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def title(process: psutil.Process) -> str:
    """Return the beginning of a process' command line."""
    try:
        return " ".join(process.cmdline())[:90] or process.name()
    except psutil.NoSuchProcess:
        return "ended"


def main() -> int:
    """Print the tree, the greatest first, and tell whether it keeps the goal."""
    if len(sys.argv) < 2:  # noqa: PLR2004 (the program's own name comes first)
        sys.exit("Usage: uv run python -m bench.memory PID [GOAL_MB]")
    root = psutil.Process(int(sys.argv[1]))
    sizes = sorted(((proportional(process), title(process)) for process in (root, *root.children(recursive=True))), reverse=True)
    for size, shown in sizes:
        print(f"{size / MEGABYTE:8.1f} MB  {shown}")
    total = sum(size for size, _ in sizes) / MEGABYTE
    print(f"{total:8.1f} MB  in {len(sizes)} processes")
    return 0 if len(sys.argv) == 2 or total <= float(sys.argv[2]) else 1  # noqa: PLR2004 (no goal given)


if __name__ == "__main__":
    sys.exit(main())

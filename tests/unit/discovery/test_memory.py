"""A slice hands over before the kernel ends its worker, read from the files of both versions of control groups."""

from pathlib import Path
from typing import Final

import pytest

from formscout_discovery.cgroup import LOOK_SECONDS, PATIENCE_SECONDS, MemoryWatch, read_memory
from formscout_discovery.policy.memory import MemoryState, memory_group, memory_state

GIB: Final = 1 << 30
MIB: Final = 1 << 20

# As a container of Docker on a kernel with version 2 writes them, shortened to the lines around those that matter.
V2_STAT: Final = """anon 712048640
file 431525888
kernel_stack 1802240
inactive_anon 705163264
active_anon 6995968
inactive_file 307232768
active_file 124293120
slab_reclaimable 9803312
"""

# As a container of Kubernetes on a node with version 1 writes them: its own pages, then those of it and its descendants.
V1_STAT: Final = """cache 405504
rss 0
inactive_anon 0
active_anon 0
inactive_file 135168
active_file 270336
hierarchical_memory_limit 1073741824
total_cache 431525888
total_rss 712048640
total_inactive_file 307232768
total_active_file 124293120
"""

V1_UNLIMITED: Final = "9223372036854771712\n"


def test_the_working_set_is_what_is_used_without_file_pages_that_can_go() -> None:
    state = memory_state(limit=f"{GIB}\n", usage="1019000000\n", stat=V2_STAT)
    assert state == MemoryState(limit=GIB, working_set=1019000000 - 307232768)
    assert not state.is_full
    assert memory_state(limit=f"{GIB}\n", usage="1019000000\n", stat=V1_STAT) == state


@pytest.mark.parametrize(("working_set", "full"), [(870 * MIB, False), (871 * MIB, True), (2 * GIB, True)])
def test_from_85_percent_on_it_is_time_to_end(working_set: int, full: bool) -> None:
    assert MemoryState(limit=GIB, working_set=working_set).is_full is full


@pytest.mark.parametrize("limit", ["max\n", V1_UNLIMITED])
def test_without_a_limit_there_is_never_too_little(limit: str) -> None:
    state = memory_state(limit=limit, usage=str(64 * GIB), stat=V2_STAT)
    assert state is not None
    assert state.limit is None
    assert not state.is_full


@pytest.mark.parametrize(
    ("limit", "usage", "stat"), [("", "1\n", V2_STAT), ("1\n", "", V2_STAT), ("1\n", "1\n", "anon 1\n"), ("much\n", "1\n", V2_STAT)]
)
def test_files_of_another_make_say_nothing(limit: str, usage: str, stat: str) -> None:
    assert memory_state(limit=limit, usage=usage, stat=stat) is None


def test_the_membership_says_which_version_counts_and_where() -> None:
    assert memory_group("0::/system.slice/docker-4f.scope\n") == ("v2", "/system.slice/docker-4f.scope")
    both = "9:name=systemd:/\n4:cpu,memory:/kubepods/burstable/pod7/ab\n0::/init\n"
    assert memory_group(both) == ("v1", "/kubepods/burstable/pod7/ab")
    assert memory_group("1:cpu:/\n") is None
    assert memory_group("") is None


def group(folder: Path, names: tuple[str, str], *, limit: str, usage: int, stat: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in zip((*names, "memory.stat"), (limit, str(usage), stat), strict=True):
        (folder / name).write_text(text)


V2: Final = ("memory.max", "memory.current")
V1: Final = ("memory.limit_in_bytes", "memory.usage_in_bytes")


def membership(proc: Path, text: str) -> Path:
    (proc / "self").mkdir(parents=True)
    (proc / "self/cgroup").write_text(text)
    return proc


def test_of_a_group_and_those_above_the_fullest_counts(tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    group(mount / "pod", V2, limit=str(GIB), usage=GIB, stat="inactive_file 0\n")
    group(mount / "pod/container", V2, limit="max", usage=GIB, stat="inactive_file 0\n")
    proc = membership(tmp_path / "proc", "0::/pod/container\n")
    assert read_memory(proc=proc, mount=mount) == MemoryState(limit=GIB, working_set=GIB)


def test_in_a_container_the_group_is_the_root_of_what_is_mounted_whatever_the_host_calls_it(tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    group(mount / "memory", V1, limit=str(GIB), usage=GIB // 2, stat="total_inactive_file 0\n")
    proc = membership(tmp_path / "proc", "4:memory:/kubepods/pod7/ab\n0::/\n")
    assert read_memory(proc=proc, mount=mount) == MemoryState(limit=GIB, working_set=GIB // 2)


def test_where_nothing_counts_memory_nothing_is_said(tmp_path: Path) -> None:
    assert read_memory(proc=tmp_path, mount=tmp_path) is None
    assert read_memory(proc=membership(tmp_path / "proc", "0::/\n"), mount=tmp_path) is None


def test_a_watch_grants_a_slice_its_first_pages_and_then_looks_now_and_then() -> None:
    now, looks = 100.0, 0
    state: MemoryState | None = MemoryState(limit=GIB, working_set=GIB)

    def look() -> MemoryState | None:
        nonlocal looks
        looks += 1
        return state

    watch = MemoryWatch(look, clock=lambda: now)
    assert not watch.is_short
    assert looks == 0, "no slice may hand over before it has done anything, or it would do so for ever"
    now += PATIENCE_SECONDS
    state = None
    assert not watch.is_short
    assert not watch.is_short
    assert looks == 1
    now += LOOK_SECONDS
    state = MemoryState(limit=GIB, working_set=GIB)
    assert watch.is_short
    state = MemoryState(limit=GIB, working_set=0)
    now += LOOK_SECONDS
    assert watch.is_short, "the browser that ends would make room and change the answer"

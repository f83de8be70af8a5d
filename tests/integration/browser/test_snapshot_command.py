"""`formscout-discovery snapshot` writes one file a page, and says by its exit status how it went."""

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.support.misbehaving import MisbehavingSite

from formscout.domain.snapshots import Snapshot
from formscout.storage.snapshot_codec import SUFFIX, decode

COMMAND = "from formscout_discovery.cli import main; main()"


async def run(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COMMAND, "snapshot", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def taken(directory: Path) -> dict[str, Snapshot]:
    return {file.name.removesuffix(SUFFIX): decode(file.read_bytes()) for file in sorted(directory.glob(f"*{SUFFIX}"))}


def names(snapshot: Snapshot) -> list[str]:
    return [node.attributes["name"] for node in snapshot.nodes if node.tag == "input"]


def saved_page(directory: Path) -> str:
    file = directory / "saved.html"
    file.write_text(
        '<title>Saved</title><link rel="stylesheet" href="http://127.0.0.1:9/x.css"><noscript><input name="bare"></noscript>'
        '<input name="a">'
        '<script>document.body.insertAdjacentHTML("beforeend", "<input name=drawn>");</script>'
    )
    return str(file)


async def test_addresses_and_files_become_one_file_each(site: MisbehavingSite, tmp_path: Path) -> None:
    page = saved_page(tmp_path)
    status, _, err = await run(site.at("plain"), page, page, "--out", str(tmp_path / "out"))
    assert (status, err) == (0, "")
    found = taken(tmp_path / "out")
    assert set(found) == {f"127.0.0.1-{site.port}-pages-plain", "saved", "saved-2"}
    assert found["saved"].title == "Saved"
    assert names(found["saved"]) == ["a", "drawn"]


async def test_without_scripts_pages_are_frozen_as_they_were_written(tmp_path: Path) -> None:
    status, _, err = await run(saved_page(tmp_path), "--out", str(tmp_path / "out"), "--no-scripts", "--offline")
    assert (status, err) == (0, "")
    assert names(taken(tmp_path / "out")["saved"]) == ["bare", "a"]


async def test_offline_nothing_leaves(site: MisbehavingSite, tmp_path: Path) -> None:
    status, _, err = await run(site.at("plain"), "--out", str(tmp_path / "out"), "--offline")
    assert status == 1
    assert "no network" in err
    assert site.arrived == []


async def test_a_page_that_fails_is_told_and_the_others_are_written(site: MisbehavingSite, tmp_path: Path) -> None:
    status, _, err = await run(f"{site.base}/download", site.at("plain"), "--out", str(tmp_path / "out"))
    assert status == 1
    assert "(download)" in err
    assert len(taken(tmp_path / "out")) == 1


async def test_what_is_neither_address_nor_file_is_wrong_usage(tmp_path: Path) -> None:
    status, _, err = await run("no-such-file.html", "--out", str(tmp_path / "out"))
    assert status == 2
    assert "no-such-file.html" in err

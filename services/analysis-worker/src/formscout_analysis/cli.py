"""`formscout-analysis`: describe the forms of snapshots, without a platform and without a browser."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO

import typer

from formscout.domain.errors import SnapshotDamagedError
from formscout.reading.documents import form_document
from formscout.storage.snapshot_codec import SUFFIX, decode
from formscout_analysis.pipeline import describe as describe_snapshot

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def _commands() -> None:
    """Describe forms from snapshots: no platform, no browser, no model."""


@app.command()
def describe(
    snapshots: Annotated[
        list[Path], typer.Argument(metavar="SNAPSHOT|DIR...", help=f"Snapshot files (*{SUFFIX}), or directories of them.")
    ],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.jsonl", help="Write here instead of to standard output.")] = None,
) -> None:
    """Write one JSON line a page: its address, its snapshot's file and its forms in full detail.

    Exit status 0: all were described; 1: at least one could not be read (the reason is on standard error, the others are
    written); 2: wrong usage.
    """
    files = _files(snapshots)
    if not files:
        _fail(f"There is no snapshot (*{SUFFIX}) in {', '.join(map(str, snapshots))}.", code=2)
    unread = 0
    with _target(out) as target:
        for file in files:
            try:
                line = _line(file)
            except SnapshotDamagedError as error:
                unread += 1
                print(f"{file}: {error.message}", file=sys.stderr)
                continue
            except OSError as error:
                unread += 1
                print(f"{file}: cannot be read: {error.strerror}.", file=sys.stderr)
                continue
            target.write(json.dumps(line, ensure_ascii=False) + "\n")
    if unread:
        _fail(f"{unread} of {len(files)} snapshots could not be read.", code=1)


def _files(given: Iterable[Path]) -> list[Path]:
    """Return the files to read, those of a directory in the order of their names."""
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            found += sorted(path.glob(f"*{SUFFIX}"))
        elif path.exists():
            found.append(path)
        else:
            _fail(f"There is no file or directory {path}.", code=2)
    return found


@contextmanager
def _target(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    try:
        file = out.open("w", encoding="utf-8")
    except OSError as error:
        _fail(f"{out} cannot be written: {error.strerror}.", code=2)
    with file:
        yield file


def _line(file: Path) -> dict[str, Any]:  # JSON: values of any JSON type
    snapshot = decode(file.read_bytes())
    forms = [form_document(description, detail="full") for description in describe_snapshot(snapshot)]
    return {"address": snapshot.address, "snapshot": str(file), "forms": forms}


def _fail(sentence: str, *, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)


def main() -> None:
    """Run the command line."""
    app()

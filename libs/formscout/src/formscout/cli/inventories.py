"""Inventories shown: as a table for people, as CSV, as the JSON that others rely on."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.table import Table

from formscout.cli.client import Document
from formscout.domain.urls import origin

CSV_COLUMNS: Final = ("form", "purpose", "title", "address", "field", "label", "type", "semantic_type", "required")

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that starts so for a formula, and pages choose what stands in these cells."""


def as_json(inventory: Document) -> str:
    """Return the inventory as it is written into files."""
    return json.dumps(inventory, ensure_ascii=False, indent=2) + "\n"


def write_json(file: Path, inventory: Document) -> None:
    """Write the inventory into a file."""
    file.write_text(as_json(inventory), encoding="utf-8")


def as_table(inventory: Document) -> Table:
    """Return the forms as a table, one row each."""
    forms = inventory["forms"]
    base = origin(inventory["session"]["network"]["address"] or "")
    table = Table(title=f"{len(forms)} forms of {base}", title_justify="left")
    table.add_column("Purpose", no_wrap=True)
    table.add_column("Title", overflow="fold")
    table.add_column("Address", overflow="fold")
    table.add_column("Steps", justify="right")
    table.add_column("Fields", justify="right")
    table.add_column("Verified", no_wrap=True)
    for form in sorted(forms, key=lambda one: (one["address"], one["title"] or "")):
        verified = form.get("verified") or {}
        table.add_row(
            _plain(form["purpose"]),
            _plain(form["title"]),
            _plain(form["address"].removeprefix(base)),
            str(len(form["path"])),
            str(len(form["fields"])),
            _plain(verified.get("status")),
        )
    return table


def as_csv(inventory: Document) -> str:
    """Return the fields of all forms as CSV, one row each."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for row in _rows(inventory):
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _rows(inventory: Document) -> Iterator[tuple[object, ...]]:
    for form in inventory["forms"]:
        head = (form["id"], form["purpose"], form["title"], form["address"])
        for field in form["fields"]:
            yield (*head, field["name"] or field["key"], field["label"], field["type"], field["semanticType"], field["required"])


def _plain(value: object) -> str:
    return "" if value is None else str(value).replace("[", "\\[")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text

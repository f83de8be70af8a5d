"""Scores an inventory of forms against an application's truth, as strictly as a product owner would."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

FITTING: Final = 0.6
"""The overlap of fields from which a report and a truth form are the same form."""

Document = dict[str, Any]  # Any: JSON


@dataclass(frozen=True, kw_only=True)
class Score:
    """What an inventory missed, and what it held twice or made up; ids of the truth, titles of the report."""

    missed: tuple[str, ...]
    twice: tuple[str, ...]
    unlisted: tuple[str, ...]


def score(truth: Document, inventory: Document) -> Score:
    """Match each form of the truth with the report that fits it best; a report may stand for all forms of one family."""
    reports = inventory["forms"]
    met: dict[str, Document] = {}
    for form in truth["forms"]:
        best = max(reports, key=partial(overlap, form), default=None)
        if best is not None and overlap(form, best) >= FITTING:
            met[form["id"]] = best
    used = {id(report) for report in met.values()}
    spare = [report for report in reports if id(report) not in used]
    return Score(
        missed=tuple(form["id"] for form in truth["forms"] if form["id"] not in met and not form.get("optional")),
        twice=tuple(report["title"] for report in spare if _fits_any(truth, report)),
        unlisted=tuple(report["title"] for report in spare if not _fits_any(truth, report)),
    )


def overlap(form: Document, report: Document) -> float:
    """Return the Jaccard overlap of the fields, 0 where no address fits; a conditional field counts only where it is reported."""
    addresses = (report["address"], *report["addresses"])
    if not any(fits(template, address) for template in form["where"] for address in addresses):
        return 0.0
    left = list(_distinct(report["fields"]))
    reported, both, wanted = len(left), 0, 0
    for field in _distinct(form["fields"]):
        same = next((one for one in left if _names(one) & _names(field)), None)
        if same is not None:
            left.remove(same)
            both += 1
        wanted += same is not None or not field.get("conditional")
    union = wanted + reported - both
    return both / union if union else 0.0


def fits(template: str, address: str) -> bool:
    """Tell whether an address is one of a template's: `{…}` stands for one segment, `*` for any address."""
    wanted, found = _segments(template), _segments(address)
    same_length = len(wanted) == len(found)
    return template == "*" or (same_length and all(one.startswith("{") or one == other for one, other in zip(wanted, found, strict=True)))


def _fits_any(truth: Document, report: Document) -> bool:
    return any(overlap(form, report) >= FITTING for form in truth["forms"])


def _segments(address: str) -> list[str]:
    parts = urlsplit(address)
    route = f"/#/{parts.fragment}" if "/" in parts.fragment else ""
    return [segment for segment in (parts.path + route).split("/") if segment]


def _names(field: Document) -> set[str]:
    label = re.sub(r"[\s*:.…]+", " ", field.get("label") or "").strip().lower()
    name = (field.get("name") or "").lower().removesuffix("[]")
    return {f"name {name}", f"label {label}"} - {"name ", "label "}


def _distinct(fields: Iterable[Document]) -> list[Document]:
    """Return the fields that a person fills in, one for the radio buttons and check boxes of one name."""
    found: list[Document] = []
    seen: set[str] = set()
    for field in fields:
        name = (field.get("name") or "").lower().removesuffix("[]")
        if field.get("type") not in {"hidden", "submit", "button", "image", "reset"} and _names(field) and (not name or name not in seen):
            seen.add(name)
            found.append(field)
    return found

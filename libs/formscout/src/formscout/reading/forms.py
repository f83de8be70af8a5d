"""A snapshot read as forms: the one door of this package."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin

from formscout.domain.forms import ButtonReading, ButtonType, FormReading
from formscout.domain.snapshots import Snapshot
from formscout.reading import buttons as button_rules
from formscout.reading import controls as control_rules
from formscout.reading import faces, groups, regions, titles
from formscout.reading.buttons import Button
from formscout.reading.cells import Cells
from formscout.reading.confidence import judge
from formscout.reading.fields import FieldReader
from formscout.reading.locators import Locator
from formscout.reading.regions import Region
from formscout.reading.tables import Tables
from formscout.reading.tree import Tree

MOST_BUTTONS: Final = 40
"""Buttons kept of one form besides those that send, cancel or reset it; a grid has hundreds, and they say no more."""


def read_forms(snapshot: Snapshot, *, tree: Tree | None = None) -> tuple[FormReading, ...]:
    """Return the forms of a page in document order, hidden ones too; pure and deterministic.

    What only looks like a form (a theme switch, a page size, ticking rows) is among them with a `confidence` below 0.5
    and the `reason`. No two have the same `root`. `tree` may be given where the caller has indexed the snapshot already.
    """
    tree = Tree(snapshot) if tree is None else tree
    merged = faces.merge(tree, control_rules.find(tree))
    cells = Cells(tree, merged)
    controls = cells.join(merged)
    if not controls:
        return ()
    buttons = button_rules.find(tree)
    found = regions.split(tree, cells, controls, buttons)
    reader = FieldReader(tree, Tables(tree), cells, Locator(tree), controls)
    owners = _owners(tree, found, buttons)
    return tuple(_read(tree, region, owners[i], reader) for i, region in enumerate(found))


def _owners(tree: Tree, found: Sequence[Region], buttons: Sequence[Button]) -> list[list[Button]]:
    """Give each button to the form it belongs to: by its form element, else to the smallest region around it."""
    owned: list[list[Button]] = [[] for _ in found]
    by_form = {r.root: i for i, r in enumerate(found) if tree.nodes[r.root].tag == "form"}
    for button in buttons:
        form = regions.form_of(tree, button.node)
        if form is not None:
            if form in by_form:
                owned[by_form[form]].append(button)
            continue
        around = [(r.root, i) for i, r in enumerate(found) if r.root not in by_form and tree.within(button.node, r.root)]
        if around:
            owned[max(around)[1]].append(button)
    return owned


def _read(tree: Tree, region: Region, buttons: Sequence[Button], reader: FieldReader) -> FormReading:
    node = tree.nodes[region.root]
    has_form = node.tag == "form"
    fields = tuple(reader.read(c, region.root) for c in groups.cluster(tree, reader.tables, region.controls))
    others = frozenset(b.node for b in [b for b in buttons if b.type is ButtonType.BUTTON][MOST_BUTTONS:])
    read = tuple(_button(b, reader.locator) for b in _settled(buttons, has_form=has_form) if b.node not in others)
    verdict = judge(tree, region, fields, read)
    return FormReading(
        root=region.root,
        title=titles.of(tree, region, lone=fields[0].label if len(fields) == 1 else ""),
        has_form_element=has_form,
        visible=any(f.visible for f in fields),
        action=_action(tree, region.root) if has_form else None,
        method=(node.attributes.get("method") or "get").strip().lower() if has_form else "get",
        enctype=(node.attributes.get("enctype") or None) if has_form else None,
        fields=fields,
        buttons=read,
        hidden=_hidden(tree, region, fields),
        locators=reader.locator.of(region.root),
        confidence=verdict.confidence,
        reason=verdict.reason,
    )


def _settled(buttons: Sequence[Button], *, has_form: bool) -> list[Button]:
    """Let words alone make no button a submit button where markup says which one is."""
    if not has_form or not any(b.sends for b in buttons):
        return list(buttons)
    return [replace(b, type=ButtonType.BUTTON) if b.type is ButtonType.SUBMIT and not b.sends else b for b in buttons]


def _button(button: Button, locator: Locator) -> ButtonReading:
    return ButtonReading(node=button.node, label=button.label, type=button.type, locators=locator.of(button.node))


def _action(tree: Tree, root: int) -> str | None:
    """Return where the form is sent, absolute: a form without an action is sent to its own document's address."""
    frame = next((f.address for f in tree.snapshot.frames if f.id == tree.nodes[root].frame), tree.snapshot.address)
    action = tree.attribute(root, "action").strip()
    if action.lower().startswith("javascript:"):
        return None
    bases = (n.attributes["href"] for n in tree.nodes if n.tag == "base" and n.frame == tree.nodes[root].frame and n.attributes.get("href"))
    base = urljoin(frame, next(bases, ""))
    try:
        return urljoin(base, action) if action else frame
    except ValueError:  # an address that cannot be read is none
        return None


def _hidden(tree: Tree, region: Region, fields: Sequence[object]) -> tuple[str, ...]:
    taken = {c.carrier for c in region.controls} | {c.node for c in region.controls}
    names = [
        e.attributes["name"]
        for e in tree.elements(region.root)
        if e.tag == "input" and e.attributes.get("type", "").lower() == "hidden" and e.attributes.get("name") and e.id not in taken
    ]
    return tuple(dict.fromkeys(names)) if fields else ()

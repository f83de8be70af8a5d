"""Which widgets are only the face of a native control out of sight, so that the two are one field."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from formscout.domain.snapshots import TEXT
from formscout.reading.controls import TEXT_LIKE, Control
from formscout.reading.tree import Tree

FACE_LEVELS: Final = 3
"""How far up the wrapper of a select or editor is looked for: libraries nest no deeper, and beyond it other fields begin."""
CARRIED: Final = frozenset(
    {"contenteditable", "combobox", "listbox", "slider", "switch", "checkbox", "textbox", "spinbutton", "file", "text"}
)
"""Widgets whose value a hidden input may carry."""


def merge(tree: Tree, controls: Sequence[Control]) -> list[Control]:
    """Return the controls with each native one out of sight joined to its face, and widgets named by their hidden input."""
    ids = [c.node for c in controls]
    by_id = {c.node: c for c in controls}
    taken: set[int] = set()
    joined: dict[int, Control] = {}
    for control in controls:
        if control.visible or control.type not in ("select", *TEXT_LIKE) or control.type == "contenteditable" or control.node in taken:
            continue
        faces = _faces_of(tree, control, ids, by_id)
        faces = tuple(f for f in faces if f not in taken)
        if faces:
            taken.update(faces)
            joined[control.node] = replace(control, visible=any(by_id[f].visible for f in faces), faces=faces)
    merged = [joined.get(c.node, c) for c in controls if c.node not in taken]
    return _carried(tree, merged)


def _is_face(control: Control) -> bool:
    return not control.name and control.type not in ("radio", "checkbox", "switch", "file")


def _faces_of(tree: Tree, control: Control, ids: Sequence[int], by_id: dict[int, Control]) -> tuple[int, ...]:
    for root in (*_neighbours(tree, control.node), *_wrappers(tree, control.node)):
        others = [i for i in ids[bisect_left(ids, root) : bisect_left(ids, tree.end[root])] if i != control.node]
        if not others:
            continue
        if not all(_is_face(by_id[i]) for i in others):
            return ()
        return tuple(others) if any(by_id[i].visible for i in others) else ()
    return ()


def _neighbours(tree: Tree, node: int) -> list[int]:
    """Return the element after `node`, then the one before it: libraries put the face next to what it hides."""
    parent = tree.nodes[node].parent
    if parent is None:
        return []
    siblings = [s for s in tree.children[parent] if tree.nodes[s].tag not in (TEXT, "script", "style", "label")]
    at = siblings.index(node) if node in siblings else 0
    return siblings[at + 1 : at + 2] + siblings[max(0, at - 1) : at]


def _wrappers(tree: Tree, node: int) -> list[int]:
    found = []
    for level, ancestor in enumerate(tree.ancestors(node)):
        if level >= FACE_LEVELS or tree.nodes[ancestor].tag in ("form", "body", "fieldset", "tr", "dialog"):
            break
        found.append(ancestor)
    return found


def _carried(tree: Tree, controls: Sequence[Control]) -> list[Control]:
    """Name nameless widgets by the hidden input in their wrapper, and add pickers: a label, a button and a hidden input."""
    ids = [c.node for c in controls]
    out: list[Control] = []
    taken: set[int] = set()
    for control in controls:
        carrier = None if control.name or control.type not in CARRIED else _carrier_of(tree, control, ids)
        if carrier is None or carrier in taken:
            out.append(control)
            continue
        taken.add(carrier)
        out.append(replace(control, name=tree.attribute(carrier, "name"), carrier=carrier))
    named = {c.name for c in out}
    for node in tree.nodes:
        if node.tag == "input" and node.attributes.get("type", "").lower() == "hidden" and node.id not in taken:
            name = node.attributes.get("name", "")
            labels = tree.labels_for.get((tree.scope[node.id], node.attributes.get("id", "")), ()) if node.attributes.get("id") else ()
            if name and name not in named and any(tree.text(label) for label in labels):
                out.append(Control(node=node.id, type="picker", name=name, visible=any(tree.seen(label) for label in labels)))
    return sorted(out, key=lambda c: c.node)


def _carrier_of(tree: Tree, control: Control, ids: Sequence[int]) -> int | None:
    mine = set(control.everything)
    for level, ancestor in enumerate(tree.ancestors(control.node)):
        if level >= FACE_LEVELS or tree.nodes[ancestor].tag in ("form", "body", "fieldset", "tr", "dialog"):
            return None
        if any(i not in mine for i in ids[bisect_left(ids, ancestor) : bisect_left(ids, tree.end[ancestor])]):
            return None
        hidden = [
            e.id
            for e in tree.elements(ancestor)
            if e.tag == "input"
            and e.attributes.get("type", "").lower() == "hidden"
            and e.attributes.get("name")
            and not e.attributes["name"].startswith("_")
        ]
        if hidden:
            return hidden[0] if len(hidden) == 1 else None
    return None

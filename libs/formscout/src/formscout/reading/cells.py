"""Cells of a form that is laid out as a grid of labelled boxes: what single-page applications draw instead of labels.

A cell is one of several siblings of the same kind, each with exactly one element that is dressed as a label. A cell names
what it holds, makes one field of the several controls a widget is built of, and shows a field even where the widget has no
control at all (a button that opens a chooser).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from formscout.domain.snapshots import TEXT
from formscout.reading.controls import TICKED, Control
from formscout.reading.tree import Tree, between

LEVELS: Final = 12
"""How far up from a control its cell is looked for; wrappers of component libraries go about this deep."""
CELL_TAGS: Final = frozenset({"div", "li", "section", "article", "p", "span"})

_LABEL = re.compile(r"(?:^|[\s_-])(?:label|field-?name|field-?title)(?:$|[\s_-])", re.IGNORECASE)
_PRESSED = frozenset({"button", "checkbox", "radio", "switch", "option", "menuitem", "tab"})


class Cells:
    """The cells of one page."""

    def __init__(self, tree: Tree, controls: Sequence[Control]) -> None:
        self._tree = tree
        self._controls = sorted(n for c in controls for n in (c.node, *c.faces))
        self._labels = [n.id for n in tree.nodes if n.tag != TEXT and self._is_label(n.id)]
        self._cells = self._find(controls)

    def _is_label(self, node: int) -> bool:
        """Tell whether an element is dressed as a label; those within a button or another such element do not count."""
        tree = self._tree
        css = tree.attribute(node, "class")
        if not css or not _LABEL.search(css) or tree.nodes[node].tag in ("button", "input"):
            return False
        for level, ancestor in enumerate(tree.ancestors(node)):
            above = tree.nodes[ancestor]
            if above.tag == "button" or above.attributes.get("role") in _PRESSED or _LABEL.search(above.attributes.get("class", "")):
                return False
            if level > LEVELS:
                break
        return True

    def _find(self, controls: Sequence[Control]) -> set[int]:
        members: dict[tuple[int, str, str], set[int]] = {}
        for control in controls:
            for level, ancestor in enumerate(self._tree.ancestors(control.node)):
                if level > LEVELS:
                    break
                if self._has_one_label(ancestor) and (key := self._kind(ancestor)) is not None:
                    members.setdefault(key, set()).add(ancestor)
        found: set[int] = set()
        for (parent, tag, css), cells in members.items():
            if len(cells) > 1:
                found |= cells
                found |= {s for s in self._tree.children[parent] if self._kind(s) == (parent, tag, css) and self._has_one_label(s)}
        return found

    def _kind(self, node: int) -> tuple[int, str, str] | None:
        it = self._tree.nodes[node]
        css = it.attributes.get("class", "").split()
        return (it.parent, it.tag, css[0]) if it.tag in CELL_TAGS and it.parent is not None and css else None

    def _has_one_label(self, node: int) -> bool:
        return len(between(self._labels, node, self._tree.end[node])) == 1

    def of(self, node: int) -> int | None:
        """Return the innermost cell around a node."""
        return next((a for a in self._tree.ancestors(node) if a in self._cells), None)

    def label(self, node: int) -> int | None:
        """Return the label element of the cell around a node; None when the node stands before it."""
        cell = self.of(node)
        if cell is None:
            return None
        label = between(self._labels, cell, self._tree.end[cell])[0]
        return label if not self._tree.within(node, label) else None

    def grid(self, node: int) -> int | None:
        """Return the outermost element whose children are cells around a node: there the form begins."""
        outer = [a for a in self._tree.ancestors(node) if a in self._cells]
        return self._tree.nodes[outer[-1]].parent if outer else None

    def join(self, controls: Sequence[Control]) -> list[Control]:
        """Return the controls with the nameless ones of a cell made one, and with a picker for each cell that has none."""
        parts: dict[int, list[Control]] = {}
        for control in controls:
            cell = self.of(control.node)
            if cell is not None and not control.name and control.type not in TICKED:
                parts.setdefault(cell, []).append(control)
        out = list(controls)
        for members in parts.values():
            if len(members) > 1:
                whole = _joined(members)
                out = [c for c in out if c not in members] + [whole]
        out += [p for cell in sorted(self._cells) if (p := self._picker(cell)) is not None]
        return sorted(out, key=lambda c: c.node)

    def _picker(self, cell: int) -> Control | None:
        """Return a field for a cell without a control that holds something to press besides its label."""
        tree = self._tree
        if not tree.nodes[cell].visible or between(self._controls, cell, tree.end[cell]):
            return None
        # A form element sends named controls: what it shows without one is carried by a hidden input, if at all.
        if any(tree.nodes[a].tag == "form" for a in tree.ancestors(cell)):
            return None
        label = between(self._labels, cell, tree.end[cell])[0]
        for below in tree.elements(cell):
            pressed = below.tag in ("button", "a") or below.attributes.get("role") == "button" or (below.pointer and below.clickable)
            if below.id > label and pressed and below.visible and not tree.within(below.id, label):
                return Control(node=below.id, type="picker", name="", visible=True)
        return None


def _joined(members: Sequence[Control]) -> Control:
    """Make one control of a widget's several: the first that is seen stands for all."""
    seen = [c for c in members if c.visible] or list(members)
    typed = [c for c in seen if c.type not in ("file", "color", "switch")] or seen
    whole = typed[0]
    rest = tuple(n for c in members if c is not whole for n in (c.node, *c.faces))
    return replace(whole, faces=(*whole.faces, *rest))

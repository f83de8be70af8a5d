"""What can be chosen in a field: options, list boxes, radios and check boxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from formscout.domain.forms import Choice
from formscout.domain.snapshots import TEXT, Node
from formscout.reading.controls import TICKED, Control
from formscout.reading.tree import Tree
from formscout.reading.words import collapse

KEPT: Final = 1000
"""Choices kept of one field: every list of countries, languages and time zones is shorter; what is longer is data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The choices of a field; `total` is None where the page does not tell."""

    kept: tuple[Choice, ...] = ()
    total: int | None = None
    complete: bool = True


NO_CHOICES: Final = Choices()


def of(tree: Tree, controls: Sequence[Control], labels: Sequence[str]) -> Choices:
    """Return what can be chosen; `labels` are those of the single controls of a group, in their order."""
    first = controls[0]
    if first.type in TICKED and (len(controls) > 1 or first.type == "radio" or first.name.endswith("[]")):
        return _limited([_ticked(tree, c, label) for c, label in zip(controls, labels, strict=True)])
    if tree.nodes[first.node].tag == "select":
        return _limited(list(_options(tree, first.node)))
    if first.type in ("listbox", "combobox"):
        return _listed(tree, first)
    suggestions = tree.by_id(first.node, tree.attribute(first.node, "list")) if tree.attribute(first.node, "list") else None
    if suggestions is None:
        return NO_CHOICES
    # A data list suggests and does not bind: what is typed may be something else.
    kept = list(_options(tree, suggestions))
    return Choices(kept=tuple(kept[:KEPT]), total=len(kept), complete=False)


def _limited(found: list[Choice]) -> Choices:
    return Choices(kept=tuple(found[:KEPT]), total=len(found), complete=len(found) <= KEPT)


def _ticked(tree: Tree, control: Control, label: str) -> Choice:
    node = tree.nodes[control.node]
    value = node.attributes.get("value") or label or "on"
    return Choice(value=value, label=label or value, disabled=node.disabled)


def _options(tree: Tree, root: int) -> list[Choice]:
    found: list[Choice] = []
    group: tuple[int, str] | None = None
    for node in tree.elements(root):
        if node.tag == "optgroup":
            group = (tree.end[node.id], collapse(node.attributes.get("label", "")))
        elif node.tag == "option":
            label = collapse(node.attributes.get("label") or _own_text(tree, node) or node.name or "")
            value = node.attributes.get("value", label)
            inside = group[1] if group and node.id < group[0] else None
            found.append(Choice(value=value, label=label or value, group=inside, disabled=node.disabled or "disabled" in node.attributes))
    return found


def _own_text(tree: Tree, node: Node) -> str:
    return node.text or " ".join(t.text for t in tree.nodes[node.id + 1 : tree.end[node.id]] if t.tag == TEXT)


def _listed(tree: Tree, control: Control) -> Choices:
    node = control.node
    lists = [node, *tree.referenced(node, "aria-controls"), *tree.referenced(node, "aria-owns")]
    found: list[Choice] = []
    for root in dict.fromkeys(lists):
        for below in tree.elements(root):
            if below.attributes.get("role") == "option":
                label = collapse(below.name or _own_text(tree, below))
                value = below.attributes.get("data-value") or below.attributes.get("value") or label
                found.append(Choice(value=value, label=label, disabled=below.disabled or below.attributes.get("aria-disabled") == "true"))
    if not found:  # closed: its options are drawn only once it is opened
        return Choices(total=None, complete=False)
    return Choices(kept=tuple(found[:KEPT]), total=len(found), complete=len(found) <= KEPT and control.type == "listbox")

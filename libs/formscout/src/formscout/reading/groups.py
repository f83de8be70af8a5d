"""Which controls are one field: check boxes and radios of one name, one group or one column, and repeated rows."""

from collections.abc import Sequence
from typing import Final

from formscout.domain.snapshots import TEXT
from formscout.reading.controls import TICKED, Control
from formscout.reading.tree import Tree

GROUP_TAGS: Final = frozenset({"fieldset"})
GROUP_ROLES: Final = frozenset({"group", "radiogroup"})
REPEATED: Final = frozenset({"text", "search", "tel", "url", "email", "number", "date", "file", "select", "textarea"})
LIST_LEVELS: Final = 3
"""How far up the list around check boxes without names is looked for; beyond it other things begin."""

Cluster = tuple[Control, ...]


def cluster(tree: Tree, controls: Sequence[Control]) -> list[Cluster]:
    """Return the controls of a region as fields, each a tuple of controls, in document order of their first."""
    order: list[tuple[str, ...] | int] = []
    members: dict[tuple[str, ...] | int, list[Control]] = {}
    for control in controls:
        key = _key(tree, control, controls)
        if key not in members:
            order.append(key)
        members.setdefault(key, []).append(control)
    return [tuple(members[key]) for key in order]


def _key(tree: Tree, control: Control, controls: Sequence[Control]) -> tuple[str, ...] | int:
    if control.name and (control.type in TICKED or control.type in REPEATED):
        return (control.type, control.name)
    if control.type in TICKED and not control.name:
        home = _home(tree, control, controls)
        if home is not None:
            return ("in", control.type, home)
    return control.node


def _home(tree: Tree, control: Control, controls: Sequence[Control]) -> str | None:
    """Return what holds a nameless check box or radio together with others: a column, a named group, a plain list."""
    column = column_of(tree, control.node)
    if column is not None:
        return column
    others = {c.node for c in controls}
    kin = {c.node for c in controls if c.type == control.type and not c.name}
    if len(kin) == 1:
        return None
    best: int | None = None
    for level, ancestor in enumerate(tree.ancestors(control.node)):
        inside = {i for i in others if tree.within(i, ancestor)}
        if not inside <= kin:
            break
        it = tree.nodes[ancestor]
        if it.tag in GROUP_TAGS or it.attributes.get("role") in GROUP_ROLES:
            return f"#{ancestor}"
        if len(inside) > 1:
            best = ancestor if best is None else best
        if level >= LIST_LEVELS:
            break
    if best is None or (control.type == "checkbox" and not _headed(tree, best)):
        return None
    return f"#{best}"


def _headed(tree: Tree, root: int) -> bool:
    """Tell whether words stand right before a list of check boxes and so name it as one field."""
    parent = tree.nodes[root].parent
    if parent is None:
        return False
    before = [s for s in tree.children[parent] if s < root and tree.nodes[s].tag not in ("script", "style")]
    if not before:
        return False
    last = before[-1]
    words = tree.nodes[last].text if tree.nodes[last].tag == TEXT else tree.words(last, visible=True)
    return bool(words.strip())


def column_of(tree: Tree, node: int) -> str | None:
    """Return the table column that a control stands in; tables made of roles count too."""
    cell = None
    for ancestor in tree.ancestors(node):
        it = tree.nodes[ancestor]
        role = it.attributes.get("role", "")
        if cell is None and (it.tag in ("td", "th") or role in ("cell", "gridcell", "columnheader")):
            cell = ancestor
        elif it.tag == "table" or role in ("table", "grid", "treegrid"):
            return None if cell is None else f"{ancestor}:{_index(tree, cell)}"
        elif it.tag in ("form", "fieldset"):
            return None
    return None


def _index(tree: Tree, cell: int) -> int:
    parent = tree.nodes[cell].parent
    if parent is None:
        return 0
    return [c for c in tree.children[parent] if tree.nodes[c].tag != TEXT].index(cell)

"""Which controls are one field: check boxes and radios of one name, one group or one column, and repeated rows."""

import re
from collections.abc import Sequence
from typing import Final

from formscout.domain.snapshots import TEXT
from formscout.reading.controls import TICKED, Control
from formscout.reading.tables import Tables
from formscout.reading.tree import Tree

GROUP_TAGS: Final = frozenset({"fieldset"})
GROUP_ROLES: Final = frozenset({"group", "radiogroup"})
REPEATED: Final = frozenset({"text", "search", "tel", "url", "email", "number", "date", "file", "select", "textarea"})
LIST_LEVELS: Final = 3
"""How far up the list around check boxes without names is looked for; beyond it other things begin."""

ROW_NUMBER: Final = re.compile(r"(?<=[\[\-_.])\d+(?=[\]\-_.])")
"""The number of a row or record within a control's name."""

Cluster = tuple[Control, ...]


def cluster(tree: Tree, tables: Tables, controls: Sequence[Control]) -> list[Cluster]:
    """Return the controls of a region as fields, each a tuple of controls, in document order of their first."""
    order: list[tuple[str, ...] | int] = []
    members: dict[tuple[str, ...] | int, list[Control]] = {}
    for control in controls:
        key = _key(tree, tables, control, controls)
        if key not in members:
            order.append(key)
        members.setdefault(key, []).append(control)
    return [tuple(members[key]) for key in order]


def _key(tree: Tree, tables: Tables, control: Control, controls: Sequence[Control]) -> tuple[str, ...] | int:
    if not control.name:
        home = _home(tree, tables, control, controls) if control.type in TICKED else None
        return control.node if home is None else ("in", control.type, home)
    if control.type not in TICKED and control.type not in REPEATED:
        return control.node
    matrix = _matrix(tables, control)
    return (control.type, control.name) if matrix is None else (control.type, *matrix)


def _matrix(tables: Tables, control: Control) -> tuple[str, str] | None:
    """Return table and name of a control that stands in each row or column of a table, for that row's or column's record."""
    if not ROW_NUMBER.search(control.name):
        return None
    cell = tables.cell_of(control.node)
    if cell is None or not tables.is_data(cell.table):
        return None
    return str(cell.table), ROW_NUMBER.sub("#", control.name)


def _home(tree: Tree, tables: Tables, control: Control, controls: Sequence[Control]) -> str | None:
    """Return what holds a nameless check box or radio together with others: a column, a named group, a plain list."""
    cell = tables.cell_of(control.node)
    if cell is not None:
        return f"{cell.table}:{cell.column}"
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

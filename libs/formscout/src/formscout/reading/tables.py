"""Where controls stand in tables, and what the heads of their rows and columns say; tables made of roles count too."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from formscout.domain.snapshots import TEXT
from formscout.reading.tree import Tree

CELL_ROLES: Final = frozenset({"cell", "gridcell", "columnheader", "rowheader"})
TABLE_ROLES: Final = frozenset({"table", "grid", "treegrid"})
LARGEST_SPAN: Final = 1000
"""HTML's own bound of `colspan`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: its table, its row, the number of its first column from 0."""

    node: int
    table: int
    row: int
    column: int
    head: bool
    span: int = 1


class Tables:
    """Looks cells up; each table is read once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._rows: dict[int, dict[int, list[Cell]]] = {}

    def cell_of(self, node: int) -> Cell | None:
        """Return the innermost cell that a control stands in, None when a form or field set of its own lies between."""
        tree = self._tree
        inside = None
        for ancestor in tree.ancestors(node):
            it = tree.nodes[ancestor]
            role = it.attributes.get("role", "")
            if it.tag == "table" or role in TABLE_ROLES:
                return None if inside is None else self._find(ancestor, inside)
            if inside is None and (it.tag in ("td", "th") or role in CELL_ROLES):
                inside = ancestor
            elif it.tag in ("form", "fieldset", "dialog"):
                return None
        return None

    def _find(self, table: int, cell: int) -> Cell | None:
        rows = self._table(table)
        row = self._tree.nodes[cell].parent
        return next((c for c in rows.get(-1 if row is None else row, ()) if c.node == cell), None)

    def _table(self, table: int) -> dict[int, list[Cell]]:
        known = self._rows.get(table)
        if known is None:
            known = self._rows[table] = {}
            for node in self._tree.elements(table):
                if node.tag == "tr" or node.attributes.get("role") == "row":
                    known[node.id] = self._cells(table, node.id)
        return known

    def _cells(self, table: int, row: int) -> list[Cell]:
        tree = self._tree
        cells: list[Cell] = []
        column = 0
        for child in tree.children[row]:
            node = tree.nodes[child]
            role = node.attributes.get("role", "")
            if node.tag == TEXT or not (node.tag in ("td", "th") or role in CELL_ROLES):
                continue
            said = node.attributes.get("colspan", "1")
            span = max(1, min(int(said), LARGEST_SPAN)) if said.isascii() and said.isdigit() else 1
            head = node.tag == "th" or role in ("columnheader", "rowheader")
            cells.append(Cell(node=child, table=table, row=row, column=column, head=head, span=span))
            column += span
        return cells

    def is_data(self, table: int) -> bool:
        """Tell whether a table holds rows under named columns, rather than laying a page out."""
        rows = list(self._table(table).values())
        return len(rows) > 1 and any(sum(c.head for c in cells) > 1 for cells in rows)

    def row_head(self, cell: Cell) -> int | None:
        """Return the head of the cell's row: the last head cell before it."""
        before = [c.node for c in self._table(cell.table).get(cell.row, ()) if c.head and c.node < cell.node]
        return before[-1] if before else None

    def column_head(self, cell: Cell) -> int | None:
        """Return the head of the cell's column: of the nearest row of heads above that has as many columns."""
        rows = self._table(cell.table)
        width = _width(rows.get(cell.row, ()))
        found = None
        for row, cells in rows.items():
            if row >= cell.row:
                break
            if sum(c.head for c in cells) > 1 and _width(cells) == width:  # one head alone is its own row's
                over = next((c for c in cells if c.column == cell.column and c.span == cell.span), None)
                if over is not None and over.head:
                    found = over.node
        return found

    def heads(self, cells: Sequence[Cell]) -> list[int]:
        """Return the heads that these cells share: the row's of one row, the column's of one column, both of one cell."""
        first = cells[0]
        shared: list[int | None] = []
        if all(c.row == first.row for c in cells):
            shared.append(self.row_head(first))
        if all(c.column == first.column for c in cells):
            shared.append(self.column_head(first))
        return [head for head in shared if head is not None]


def _width(cells: Sequence[Cell]) -> int:
    return sum(c.span for c in cells)

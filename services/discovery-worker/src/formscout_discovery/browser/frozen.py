"""Chromium's answer to `DOMSnapshot.captureSnapshot`, made readable: one document's columns looked up by node index."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from formscout.domain.snapshots import Box

STYLES: Final = ("visibility", "opacity", "cursor", "overflow-x", "overflow-y", "content-visibility")
"""Computed styles that are asked for, in the order in which they come back."""

ELEMENT: Final = 1
TEXT_NODE: Final = 3
DOCUMENT: Final = 9


@dataclass(frozen=True, slots=True)
class Layout:
    """How one node is laid out: its box from the upper left corner of its own document, and its styles."""

    box: Box
    visibility: str
    opacity: str
    cursor: str
    clips: bool  # hides what sticks out of its box
    skips_content: bool  # draws its own box, but nothing in it
    border_left: float  # from the outer edge of the box to its content, in a frame element the inner document's corner
    border_top: float


def storable(text: str) -> str:
    """Return the text without NUL characters: a script can write them into a page, and PostgreSQL keeps none."""
    return text.replace("\0", "")


class FrozenDocument:
    """One document of the answer."""

    # The protocol's answer is untyped JSON: hence Any.
    def __init__(self, document: Mapping[str, Any], strings: Sequence[str]) -> None:
        nodes = document["nodes"]
        self._strings = strings
        self.frame_key: str = strings[document["frameId"]]
        self.address: str = strings[document["documentURL"]]
        self.title = self._string(document.get("title", -1))
        self.scroll_x: float = document.get("scrollOffsetX", 0)
        self.scroll_y: float = document.get("scrollOffsetY", 0)
        self.parents: Sequence[int] = nodes["parentIndex"]
        self.kinds: Sequence[int] = nodes["nodeType"]
        self.backend_ids: Sequence[int] = nodes["backendNodeId"]
        self._names: Sequence[int] = nodes["nodeName"]
        self._values: Sequence[int] = nodes["nodeValue"]
        self._attributes: Sequence[Sequence[int]] = nodes["attributes"]
        self._input_values = self._sparse(nodes["inputValue"])
        self._text_values = self._sparse(nodes["textValue"])
        self.pseudo = self._sparse(nodes["pseudoType"])
        self.shadow = self._sparse(nodes["shadowRootType"])
        self.clickable = frozenset(nodes["isClickable"]["index"])
        self.checked = frozenset(nodes["inputChecked"]["index"]) | frozenset(nodes["optionSelected"]["index"])
        self.contents: dict[int, int] = dict(
            zip(nodes["contentDocumentIndex"]["index"], nodes["contentDocumentIndex"]["value"], strict=True)
        )
        self._layout = document["layout"]
        self._laid_out = {node: row for row, node in reversed(list(enumerate(self._layout["nodeIndex"])))}

    def __len__(self) -> int:
        return len(self.parents)

    def children(self) -> list[list[int]]:
        """Return the children of each node in document order; generated content after an element comes last."""
        found: list[list[int]] = [[] for _ in self.parents]
        late: list[tuple[int, int]] = []
        for node, parent in enumerate(self.parents):
            if parent < 0:
                continue
            if self.pseudo.get(node) == "after":
                late.append((parent, node))
            else:
                found[parent].append(node)
        for parent, node in late:
            found[parent].append(node)
        return found

    def tag(self, node: int) -> str:
        """Return the node's name in lower case."""
        return self._strings[self._names[node]].lower()

    def text(self, node: int) -> str:
        """Return the words of a text node."""
        return self._string(self._values[node])

    def attributes(self, node: int) -> Iterator[tuple[str, str]]:
        """Return names and values of the node's attributes."""
        listed = self._attributes[node]
        for at in range(0, len(listed), 2):
            yield self._strings[listed[at]], self._string(listed[at + 1])

    def holds_value(self, node: int) -> bool:
        """Tell whether something stands in the field; what it is is never handed out."""
        return bool(self._input_values.get(node) or self._text_values.get(node))

    def layout(self, node: int) -> Layout | None:
        """Return how the node is laid out, None if it is not."""
        row = self._laid_out.get(node)
        if row is None:
            return None
        x, y, width, height = self._layout["bounds"][row]
        styles = [self._strings[index] if index >= 0 else "" for index in self._layout["styles"][row]]
        if len(styles) < len(STYLES):
            styles = ["visible", "1", "auto", "visible", "visible", "visible"]
        border = self._layout["clientRects"][row] or (0, 0, 0, 0)
        return Layout(
            box=Box(x=x, y=y, width=width, height=height),
            visibility=styles[0],
            opacity=styles[1],
            cursor=styles[2],
            clips=styles[3] in ("hidden", "clip") or styles[4] in ("hidden", "clip"),
            skips_content=styles[5] == "hidden",
            border_left=border[0],
            border_top=border[1],
        )

    def drawn_text(self, node: int) -> str:
        """Return the words that were drawn for the node; generated content has its words nowhere else."""
        rows = (row for row, drawn in enumerate(self._layout["nodeIndex"]) if drawn == node)
        return "".join(self._string(self._layout["text"][row]) for row in rows)

    def _string(self, index: int) -> str:
        return self._strings[index] if index >= 0 else ""

    def _sparse(self, column: Mapping[str, Any]) -> dict[int, str]:
        return {node: self._string(value) for node, value in zip(column["index"], column["value"], strict=True)}

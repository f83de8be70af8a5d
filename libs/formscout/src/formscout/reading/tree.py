"""A snapshot indexed as a tree, so that the rules of reading can look up, down and sideways at no cost."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from formscout.domain.snapshots import TEXT, Node, Snapshot

SILENT: Final = frozenset(
    {"script", "style", "noscript", "template", "head", "title", "select", "textarea", "option", "datalist", "svg", "iframe"}
)
"""Elements whose text says nothing about what stands beside them."""

PRESSED: Final = frozenset({"button", "input"})
TINY_PX: Final = 2.0
"""A field not larger than this is there for a script, not for a person: editors hide their textarea so."""
OFF_SCREEN_PX: Final = -500.0
"""Left of or above this nothing can be scrolled to: where style sheets put what only programs should fill in."""


class Tree:
    """The nodes of a snapshot with their children, the end of each subtree, and the root that each one's ids count in.

    A subtree is the range `[node, end)`, because a snapshot lists its nodes in document order. `scope` is a number that
    all elements of one document or one shadow root share.
    """

    __slots__ = ("children", "controlled", "end", "ids", "labels_for", "nodes", "scope", "snapshot")

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.nodes = snapshot.nodes
        count = len(self.nodes)
        self.children: list[list[int]] = [[] for _ in range(count)]
        self.end = [i + 1 for i in range(count)]
        self.scope = [0] * count
        self.ids: dict[tuple[int, str], list[int]] = {}
        self.labels_for: dict[tuple[int, str], list[int]] = {}
        self.controlled: set[tuple[int, str]] = set()
        for node in self.nodes:
            self._place(node)
        for node in reversed(self.nodes):
            if node.parent is not None:
                self.end[node.parent] = max(self.end[node.parent], self.end[node.id])

    def _place(self, node: Node) -> None:
        if node.parent is None:
            self.scope[node.id] = -1 - node.frame
        else:
            self.children[node.parent].append(node.id)
            if node.shadow:
                self.scope[node.id] = node.parent
            elif node.frame != self.nodes[node.parent].frame:
                self.scope[node.id] = -1 - node.frame
            else:
                self.scope[node.id] = self.scope[node.parent]
        if node.tag == TEXT:
            return
        identity = node.attributes.get("id")
        if identity:
            self.ids.setdefault((self.scope[node.id], identity), []).append(node.id)
        for attribute in ("aria-controls", "aria-owns"):
            for owned in node.attributes.get(attribute, "").split():
                self.controlled.add((self.scope[node.id], owned))
        if node.tag == "label" and (target := node.attributes.get("for")):
            self.labels_for.setdefault((self.scope[node.id], target), []).append(node.id)

    def attribute(self, node: int, name: str) -> str:
        """Return an attribute, or an empty string."""
        return self.nodes[node].attributes.get(name, "")

    def by_id(self, near: int, identity: str) -> int | None:
        """Find the element of this id in the same document or shadow root as `near`."""
        found = self.ids.get((self.scope[near], identity))
        return found[0] if found else None

    def referenced(self, node: int, attribute: str) -> list[int]:
        """Find the elements that an attribute with a list of ids names."""
        found = (self.by_id(node, identity) for identity in self.attribute(node, attribute).split())
        return [i for i in found if i is not None]

    def ancestors(self, node: int) -> Iterator[int]:
        """Yield parent, grandparent and so on, through shadow roots and frames."""
        at = self.nodes[node].parent
        while at is not None:
            yield at
            at = self.nodes[at].parent

    def within(self, node: int, root: int) -> bool:
        """Tell whether `node` is `root` or stands below it."""
        return root <= node < self.end[root]

    def elements(self, root: int) -> Iterator[Node]:
        """Yield the elements below `root`, in document order."""
        for i in range(root + 1, self.end[root]):
            if self.nodes[i].tag != TEXT:
                yield self.nodes[i]

    def seen(self, node: int) -> bool:
        """Tell whether a person can see the element: laid out, larger than a dot, and on the page."""
        it = self.nodes[node]
        box = it.box
        if not it.visible or box is None:
            return it.visible
        on_page = box.x + box.width > OFF_SCREEN_PX and box.y + box.height > OFF_SCREEN_PX
        return on_page and box.width > TINY_PX and box.height > TINY_PX

    def text_seen(self, node: int) -> bool:
        """Tell whether the words of a text node are drawn."""
        it = self.nodes[node]
        return it.visible or (it.parent is not None and self.nodes[it.parent].visible)

    def words(self, root: int, *, visible: bool, decoration: bool = False, pressed: bool = False) -> str:
        """Return the text below `root` without that of controls, buttons and icons, white space collapsed.

        With `visible` only what is drawn; with `decoration` also what assistive technology is told to leave out, such as
        the star of a required field; with `pressed` also what buttons say.
        """
        parts: list[str] = []
        at, end = root, self.end[root]
        while at < end:
            node = self.nodes[at]
            if node.tag == TEXT:
                if not visible or self.text_seen(at):
                    parts.append(node.text)
            elif at != root and (node.tag in SILENT or self._mute(node, decoration=decoration, pressed=pressed)):
                at = self.end[at]
                continue
            at += 1
        return " ".join(" ".join(parts).split())

    @staticmethod
    def _mute(node: Node, *, decoration: bool, pressed: bool) -> bool:
        attributes = node.attributes
        if not pressed and (node.tag in PRESSED or attributes.get("role") in ("button", "tooltip", "listbox", "combobox")):
            return True
        if is_icon(node):
            return True
        return not decoration and attributes.get("aria-hidden") == "true"

    def text(self, root: int) -> str:
        """Return the words below `root` that are drawn, or all of them when none is."""
        return self.words(root, visible=True) or self.words(root, visible=False)


def is_icon(node: Node) -> bool:
    """Tell whether an element's text is the name of a glyph (icon fonts spell it out)."""
    css = node.attributes.get("class", "")
    return "material-icons" in css or "material-symbols" in css or (node.tag == "i" and "data-icon" in node.attributes)


def between(numbers: Sequence[int], low: int, high: int) -> Sequence[int]:
    """Return the numbers of a sorted sequence that lie in `[low, high)`."""
    return numbers[bisect_left(numbers, low) : bisect_left(numbers, high)]

"""The label of a control by where words stand: before it, above it, or after a check box, with no other control between."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from formscout.domain.snapshots import TEXT, Box
from formscout.reading.controls import TICKED
from formscout.reading.tree import PRESSED, SILENT, Tree, is_icon

LEVELS: Final = 7
"""How far up from a control its label is looked for; component libraries nest a field in up to six wrappers."""
HELP_LEVELS: Final = 4
LONGEST: Final = 120
"""Characters; a longer text is an explanation, not a label."""
LONGEST_SHARED: Final = 60
"""The same where other fields stand beside: what is longer there introduces them all."""
FARTHEST_ABOVE_PX: Final = 90.0
FARTHEST_LEFT_PX: Final = 600.0
OVERLAP_PX: Final = 6.0
"""How far a label's box may reach into its control's: floating labels and large line heights do."""
NO_LABELS: Final = frozenset({"a", "ul", "ol", "nav", "table", "thead", "tbody", "tr", "legend"})
"""Elements that hold many things, or lead elsewhere: none names a field."""
MUTE_ROLES: Final = frozenset({"button", "alert", "tooltip", "menu"})
HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
AFTER: Final = frozenset({*TICKED, "switch"})
"""Controls whose label stands behind them."""

_HELP = re.compile(
    r"(?:^|[\s_-])(?:help(?:[-_]?(?:text|block|inline))?|hint|description|error(?:s|list)?|feedback|sub-?text|helper(?:[-_]?text)?)(?:$|[\s_-])",
    re.IGNORECASE,
)
"""Classes of text that explains a field, or says what is wrong with it."""
_LABELLED = re.compile(r"(?:^|[\s_-])label(?:$|[\s_-])", re.IGNORECASE)
_TITLE = re.compile(
    r"(?:^|[\s_-])(?:card|modal|dialog|drawer|page|panel|form)-?_?(?:title|header|heading)(?:$|[\s_-])|(?:^|\s)type-title(?:$|\s)",
    re.IGNORECASE,
)
"""Classes of the name of a whole dialog, card or page."""
_WORD = re.compile(r"[^\W_]")


class Layout:
    """Looks labels up by place, for the controls of one page."""

    def __init__(self, tree: Tree, occupied: Sequence[int]) -> None:
        """Take the page and the nodes of all its controls and their faces, sorted."""
        self._tree = tree
        self._occupied = occupied

    def label(self, nodes: Sequence[int], kind: str, root: int) -> tuple[int, str] | None:
        """Return the text beside a field and the element that holds it.

        `nodes` are the field's elements, `root` is its form's region: the search goes no further up.
        """
        tree = self._tree
        mine = set(nodes)
        box = next((b for n in nodes if (b := tree.nodes[n].box) is not None and tree.nodes[n].visible), None)
        at = nodes[0]
        for level, ancestor in enumerate(tree.ancestors(at)):
            if all(tree.within(n, ancestor) for n in mine):
                found = self._beside(ancestor, at, mine, kind, box, top=ancestor <= root)
                if found is not None:
                    return found
            if level >= LEVELS or ancestor <= root or self._stops(ancestor, mine, at):
                return None
            at = ancestor
        return None

    def _stops(self, ancestor: int, mine: set[int], at: int) -> bool:
        """Tell whether another control stands before ours here: what is further up is that one's, or everyone's."""
        before = self._others(ancestor, at, mine)
        return bool(before) and self._tree.nodes[ancestor].tag != "tr"

    def _others(self, low: int, high: int, mine: set[int]) -> list[int]:
        occupied = self._occupied
        return [i for i in occupied[bisect_left(occupied, low) : bisect_left(occupied, high)] if i not in mine]

    def _beside(self, parent: int, at: int, mine: set[int], kind: str, box: Box | None, *, top: bool) -> tuple[int, str] | None:
        tree = self._tree
        siblings = tree.children[parent]
        where = siblings.index(at) if at in siblings else 0
        shared = top or bool(self._others(parent, tree.end[parent], mine))
        ways = [siblings[where - 1 :: -1] if where else [], siblings[where + 1 :]]
        ways = ways[::-1] if kind in AFTER else ways[:1]
        for way in ways:
            for sibling in way:
                if self._others(sibling, tree.end[sibling], mine):
                    break
                words = self._words(sibling)
                if not words:
                    continue
                if self._fits(sibling, words, box, kind, shared=shared):
                    return sibling, words
                break
        return None

    def _words(self, sibling: int) -> str:
        tree = self._tree
        node = tree.nodes[sibling]
        if node.tag == TEXT:
            text = " ".join(node.text.split())
            return text if tree.text_seen(sibling) or not tree.nodes[node.parent or 0].visible else ""
        if node.tag in SILENT or node.tag in PRESSED or is_icon(node) or node.attributes.get("role") in MUTE_ROLES:
            return ""
        if node.tag == "label" and node.attributes.get("for") and tree.by_id(sibling, node.attributes["for"]) is not None:
            return ""  # says itself whose label it is
        css = node.attributes.get("class", "")
        if node.tag in NO_LABELS or self.explains(sibling):
            return ""
        if not node.visible:
            return tree.text(sibling)
        return tree.words(sibling, visible=True) or (tree.words(sibling, visible=True, pressed=True) if _LABELLED.search(css) else "")

    def alone(self, nodes: Sequence[int], root: int) -> bool:
        """Tell whether an element holds no other field than these controls."""
        return not self._others(root, self._tree.end[root], set(nodes))

    def explains(self, node: int) -> bool:
        """Tell whether an element's words explain a field rather than name it: its class says so, or that of all it holds."""
        tree = self._tree
        if _HELP.search(tree.attribute(node, "class")):
            return True
        holding = [c for c in tree.children[node] if tree.nodes[c].tag == TEXT or tree.words(c, visible=True)]
        return len(holding) == 1 and tree.nodes[holding[0]].tag != TEXT and self.explains(holding[0])

    def help(self, nodes: Sequence[int], root: int) -> str:
        """Return the text that explains a field, from the elements around it that hold no other field."""
        tree = self._tree
        mine = set(nodes)
        for level, ancestor in enumerate(tree.ancestors(nodes[0])):
            if level >= HELP_LEVELS or ancestor <= root or self._others(ancestor, tree.end[ancestor], mine):
                return ""
            for below in tree.elements(ancestor):
                if _HELP.search(below.attributes.get("class", "")) and not tree.within(nodes[0], below.id):
                    words = tree.words(below.id, visible=True)
                    if words:
                        return words
        return ""

    def _fits(self, sibling: int, words: str, box: Box | None, kind: str, *, shared: bool) -> bool:
        tree = self._tree
        node = tree.nodes[sibling]
        if len(words) > (LONGEST_SHARED if shared else LONGEST) or not _WORD.search(words):
            return False
        if shared and self._is_heading(sibling):
            return False
        other = node.box or self._text_box(sibling)
        return box is None or other is None or _near(other, box, after=kind in AFTER)

    def _is_heading(self, sibling: int) -> bool:
        tree = self._tree
        if (
            tree.nodes[sibling].tag in HEADINGS
            or tree.attribute(sibling, "role") == "heading"
            or _TITLE.search(tree.attribute(sibling, "class"))
        ):
            return True
        return any(e.tag in HEADINGS or e.attributes.get("role") == "heading" for e in tree.elements(sibling))

    def _text_box(self, sibling: int) -> Box | None:
        return next((n.box for n in self._tree.nodes[sibling + 1 : self._tree.end[sibling]] if n.box is not None), None)


def _near(text: Box, control: Box, *, after: bool) -> bool:
    same_line = text.y < control.y + control.height and control.y < text.y + text.height
    if same_line:
        if text.x < control.x + OVERLAP_PX:
            return control.x - (text.x + text.width) <= FARTHEST_LEFT_PX
        return after
    above = text.y + text.height <= control.y + OVERLAP_PX
    return above and control.y - (text.y + text.height) <= FARTHEST_ABOVE_PX

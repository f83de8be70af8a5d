"""What a form is called on its page."""

from typing import Final

from formscout.domain.snapshots import Node
from formscout.reading.labels import legend_of
from formscout.reading.layout import HEADINGS
from formscout.reading.regions import Region, is_dialog
from formscout.reading.tree import Tree
from formscout.reading.words import collapse

LONGEST: Final = 120
"""Characters; what is longer is no title."""


def of(tree: Tree, region: Region, *, lone: str = "") -> str:
    """Return the form's title: its own name, its dialog's, a heading in it, the nearest heading before it, or the page's.

    `lone` is the label of its only field: a search box in a page's head is called by it, not by the page.
    """
    return (
        _own_name(tree, region.root)
        or _dialog_name(tree, region.root)
        or _inside(tree, region)
        or _before(tree, region)
        or lone
        or collapse(tree.snapshot.title)
    )[:LONGEST]


def _own_name(tree: Tree, root: int) -> str:
    named = " ".join(tree.text(n) for n in tree.referenced(root, "aria-labelledby"))
    return named or collapse(tree.attribute(root, "aria-label"))


def _dialog_name(tree: Tree, root: int) -> str:
    for node in (root, *tree.ancestors(root)):
        if is_dialog(tree, node):
            return _own_name(tree, node) or _first_heading(tree, node, tree.end[node])
    return ""


def _is_heading(node: Node) -> bool:
    return node.tag in HEADINGS or node.attributes.get("role") == "heading"


def _first_heading(tree: Tree, root: int, end: int) -> str:
    for node in tree.elements(root):
        if node.id >= end:
            break
        if _is_heading(node):
            words = tree.text(node.id)
            if words:
                return words
    return ""


def _inside(tree: Tree, region: Region) -> str:
    first = region.controls[0].node
    heading = _first_heading(tree, region.root, first)
    if heading:
        return heading
    for node in tree.elements(region.root):
        if node.tag == "fieldset":
            legend = legend_of(tree, node.id)
            around_all = all(tree.within(c.node, node.id) for c in region.controls)
            return tree.text(legend) if legend is not None and around_all else ""
    return ""


def _before(tree: Tree, region: Region) -> str:
    """Return the nearest heading before the form, seen ones only, without entering other forms."""
    at = region.root
    for ancestor in tree.ancestors(region.root):
        for sibling in reversed([s for s in tree.children[ancestor] if s < at]):
            node = tree.nodes[sibling]
            if node.tag in ("form", "nav", "footer") or not node.visible:
                continue
            if _is_heading(node):
                return tree.words(sibling, visible=True)
            headings = [e.id for e in tree.elements(sibling) if _is_heading(e) and e.visible]
            if headings:
                return tree.words(headings[-1], visible=True)
        at = ancestor
    return ""

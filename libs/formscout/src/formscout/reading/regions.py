"""Where forms begin and end: which controls belong together, with or without a form element."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from formscout.domain.forms import ButtonType
from formscout.reading.buttons import Button
from formscout.reading.cells import Cells
from formscout.reading.controls import Control
from formscout.reading.tree import Tree
from formscout.reading.words import FINDS, SEARCH

OVERLAYS: Final = frozenset({"div", "section", "article", "aside"})
LANDMARK_TAGS: Final = frozenset({"header", "footer", "nav", "aside"})
LANDMARK_ROLES: Final = frozenset({"banner", "contentinfo", "navigation", "complementary"})
APART_ROLES: Final = frozenset({"navigation", "complementary", "search", "form"})
SECTION_TAGS: Final = frozenset({"section", "article", "table", "main", "fieldset", "body"})
SECTION_ROLES: Final = frozenset({"region", "toolbar", "group", "tabpanel", "main", "article", "table", "grid"})

_OVERLAY = re.compile(r"(?:^|[\s_-])(?:modal|dialog|drawer|offcanvas|slide-?over|popover-?form)(?:$|[\s])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Controls that belong to one form, and the element around them."""

    root: int
    kind: (
        str  # form, dialog, search, buttoned (held together by a button that sends), grid (of labelled cells), loose (by nothing but place)
    )
    controls: tuple[Control, ...]


def is_dialog(tree: Tree, node: int) -> bool:
    """Tell whether an element is a dialog or drawer."""
    it = tree.nodes[node]
    if it.tag == "dialog" or it.attributes.get("role") in ("dialog", "alertdialog") or it.attributes.get("aria-modal") == "true":
        return True
    return it.tag in OVERLAYS and bool(_OVERLAY.search(it.attributes.get("class", "")))


def is_landmark(tree: Tree, node: int) -> bool:
    """Tell whether an element is a part of the page beside its main content."""
    it = tree.nodes[node]
    return it.tag in LANDMARK_TAGS or it.attributes.get("role") in LANDMARK_ROLES


def split(tree: Tree, cells: Cells, controls: Sequence[Control], buttons: Sequence[Button]) -> list[Region]:
    """Return the regions of the page in document order; every control is in exactly one."""
    owned: dict[tuple[int, str], list[Control]] = {}
    loose: list[tuple[Control, int]] = []
    senders = [b for b in buttons if b.type is ButtonType.SUBMIT and form_of(tree, b.node) is None and cells.of(b.node) is None]
    searchers = [b.node for b in senders if FINDS.search(b.label)]
    sending = [b.node for b in senders]
    for control in controls:
        owner = form_of(tree, control.node)
        if owner is not None:
            owned.setdefault((owner, "form"), []).append(control)
            continue
        boundary, kind = _boundary(tree, control.node)
        if kind:
            owned.setdefault((boundary, kind), []).append(control)
            continue
        grid = cells.grid(control.node)
        if grid is not None and tree.within(grid, boundary):
            root = _buttoned(tree, grid, boundary, sending, itself=True)
            owned.setdefault((grid, "grid") if root is None else (root, "buttoned"), []).append(control)
            continue
        searches = is_search(tree, control.node)
        root = None if in_row(tree, control) else _buttoned(tree, control.node, boundary, searchers if searches else sending)
        if root is None and searches:
            owned.setdefault((tree.nodes[control.node].parent or boundary, "search"), []).append(control)
        elif root is None:
            loose.append((control, _section(tree, control.node, boundary)))
        else:
            owned.setdefault((root, "buttoned"), []).append(control)
    for control, section in loose:
        owned.setdefault((section, "loose"), []).append(control)
    regions = [Region(root=root, kind=kind, controls=tuple(members)) for (root, kind), members in owned.items()]
    return sorted(_apart([_tightened(tree, r) for r in _unite(tree, regions)]), key=lambda r: (r.root, r.controls[0].node))


def form_of(tree: Tree, node: int) -> int | None:
    """Return the form element that a control belongs to.

    A form around a custom element owns what stands in its shadow root; a form around a frame owns nothing within it, but
    for the editable document of a rich-text editor.
    """
    named = tree.attribute(node, "form")
    if named:
        owner = tree.by_id(node, named)
        if owner is not None and tree.nodes[owner].tag == "form":
            return owner
    frame = tree.nodes[node].frame
    is_document = tree.nodes[node].tag in ("body", "html")
    for ancestor in tree.ancestors(node):
        if tree.nodes[ancestor].frame != frame and not is_document:
            return None
        if tree.nodes[ancestor].tag == "form":
            return ancestor
    return None


def is_search(tree: Tree, node: int) -> bool:
    """Tell whether a control searches, by its type or by what is written in it."""
    it = tree.nodes[node]
    kind = it.attributes.get("type", it.attributes.get("role", "")).lower()
    spoken = it.attributes.get("placeholder", "") or it.attributes.get("aria-label", "")
    return kind in ("search", "searchbox") or (it.tag == "input" and kind in ("", "text") and bool(SEARCH.match(spoken)))


def in_row(tree: Tree, control: Control, *, named: bool = False) -> bool:
    """Tell whether a control is the nameless (or, if so asked, any) check box that ticks a row of a table or list."""
    if (control.name and not named) or control.type not in ("checkbox", "radio"):
        return False
    for ancestor in tree.ancestors(control.node):
        it = tree.nodes[ancestor]
        if it.tag in ("td", "th") or it.attributes.get("role") in ("cell", "gridcell", "columnheader", "row"):
            return True
        if it.tag in ("table", "form", "fieldset"):
            return False
    return False


def _boundary(tree: Tree, node: int) -> tuple[int, str]:
    """Return the element beyond which a control's form cannot reach, and what that is when it is itself the form."""
    frame = tree.nodes[node].frame
    is_document = tree.nodes[node].tag in ("body", "html")
    last = node
    for ancestor in tree.ancestors(node):
        it = tree.nodes[ancestor]
        if it.frame != frame and not is_document:
            return last, ""
        if it.attributes.get("role") == "form":
            return ancestor, "form"
        if it.attributes.get("role") == "search" or it.tag == "search":
            return ancestor, "search"
        if is_dialog(tree, ancestor):
            return ancestor, "dialog"
        if is_landmark(tree, ancestor):
            return ancestor, ""
        last = ancestor
    return last, ""


def _buttoned(tree: Tree, node: int, boundary: int, senders: Sequence[int], *, itself: bool = False) -> int | None:
    """Return the lowest element that holds the control and a button that sends; `itself` lets that be the node itself."""
    way = [node, *tree.ancestors(node)] if itself else list(tree.ancestors(node))
    for ancestor in way:
        if not tree.within(ancestor, boundary):
            return None
        near = senders[bisect_left(senders, ancestor) : bisect_left(senders, tree.end[ancestor])]
        if any(_reaches(tree, button, ancestor) for button in near):
            return ancestor
    return None


def _reaches(tree: Tree, button: int, root: int) -> bool:
    """Tell whether a button can belong to a form at `root`: not out of a dialog, a menu or a side bar within it."""
    for ancestor in tree.ancestors(button):
        if ancestor <= root:
            return True
        it = tree.nodes[ancestor]
        if (
            is_dialog(tree, ancestor)
            or it.tag in ("nav", "aside")
            or it.attributes.get("role") in ("navigation", "complementary", "search", "form")
        ):
            return False
    return True


def _section(tree: Tree, node: int, boundary: int) -> int:
    for ancestor in tree.ancestors(node):
        it = tree.nodes[ancestor]
        if not tree.within(ancestor, boundary) or it.tag in SECTION_TAGS or it.attributes.get("role") in SECTION_ROLES:
            return ancestor if tree.within(ancestor, boundary) else boundary
    return boundary


def _unite(tree: Tree, regions: list[Region]) -> list[Region]:
    """Join a field that has its own little button ("send code") to the form around it."""
    kept: list[Region] = []
    moved: list[Region] = []
    for region in regions:
        small = region.kind == "loose" or (region.kind == "buttoned" and len(region.controls) == 1)
        home = _around(tree, region, regions) if small else None
        (kept if home is None or _stands_alone(tree, region, home) else moved).append(region)
    for region in moved:
        home = _around(tree, region, kept)
        if home is None:
            kept.append(region)
            continue
        members = sorted((*home.controls, *region.controls), key=lambda c: c.node)
        kept[kept.index(home)] = Region(root=home.root, kind=home.kind, controls=tuple(members))
    return kept


def _around(tree: Tree, region: Region, regions: Sequence[Region]) -> Region | None:
    around = [r for r in regions if r is not region and r.kind == "buttoned" and r.root < region.root < tree.end[r.root]]
    return max(around, key=lambda r: r.root, default=None)


def _apart(regions: list[Region]) -> list[Region]:
    """Give every region a root of its own: of two at one element the less sure one begins at its first control."""
    sure = sorted(regions, key=lambda r: (r.kind == "loose", r.kind == "search", r.controls[0].node))
    taken: set[int] = set()
    out: list[Region] = []
    for region in sure:
        root = region.controls[0].node if region.root in taken else region.root
        taken.add(root)
        out.append(Region(root=root, kind=region.kind, controls=region.controls))
    return out


def _stands_alone(tree: Tree, region: Region, home: Region) -> bool:
    """Tell whether a lone field within a form is a form of its own: a search box, or in another part of the page."""
    if region.controls[0].type in ("search", "searchbox"):
        return True
    for ancestor in tree.ancestors(region.controls[0].node):
        if ancestor <= home.root:
            return False
        if is_landmark(tree, ancestor):
            return True
    return False


def _tightened(tree: Tree, region: Region) -> Region:
    """Let a region that only place holds together begin at the lowest element around its controls."""
    if region.kind != "loose":
        return region
    first, last = region.controls[0].node, region.controls[-1].node
    root = tree.nodes[first].parent
    while root is not None and not tree.within(last, root):
        root = tree.nodes[root].parent
    if root is None or not tree.within(root, region.root):
        return region
    return Region(root=root, kind=region.kind, controls=region.controls)

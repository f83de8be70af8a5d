"""Puts the frozen nodes of all documents into one tree: frames below their elements, shadow roots below their hosts.

Chromium freezes the flat tree, where what is slotted stands inside the slot. Where a page has shadow roots, the DOM's own
tree tells who really is whose parent, so that a path of CSS selectors counts in the right root.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from formscout_discovery.browser.frozen import DOCUMENT, FrozenDocument


@dataclass(frozen=True, slots=True)
class Place:
    """One node's place: document and index there, the position of its parent in the walk, the shadow root it hangs in."""

    document: int
    node: int
    parent: int | None
    shadow: str | None


def has_shadow_roots(documents: Sequence[FrozenDocument]) -> bool:
    """Tell whether the flat tree differs from the DOM's."""
    return any(kind in ("open", "closed") for document in documents for kind in document.shadow.values())


def walk(documents: Sequence[FrozenDocument], dom: Mapping[str, Any] | None = None) -> Iterator[Place]:
    """Go through all nodes, parents before children; `dom` is the DOM's tree and needed if there are shadow roots."""
    return _walk_flat(documents) if dom is None else _walk_dom(documents, dom)


def _walk_flat(documents: Sequence[FrozenDocument]) -> Iterator[Place]:
    children = [document.children() for document in documents]
    # Position in the walk is counted here, so that a parent can be named by it.
    position = 0
    stack: list[tuple[int, int, int | None]] = [(0, 0, None)]
    while stack:
        document, node, parent = stack.pop()
        frozen = documents[document]
        inner = parent
        if frozen.kinds[node] != DOCUMENT:
            yield Place(document, node, parent, None)
            inner = position
            position += 1
        stack.extend((document, child, inner) for child in reversed(children[document][node]))
        if node in frozen.contents:
            stack.append((frozen.contents[node], 0, inner))


def _walk_dom(documents: Sequence[FrozenDocument], dom: Mapping[str, Any]) -> Iterator[Place]:
    """Go through the DOM's own tree (as `DOM.getDocument` returns it, pierced), taking the nodes that were frozen."""
    where = {
        backend: (number, node)
        for number, document in enumerate(documents)
        for node, backend in enumerate(document.backend_ids)
        if not document.pseudo.get(node)
    }
    pseudo = _pseudo_children(documents)
    position = 0
    # The protocol's tree is untyped JSON: hence Any.
    stack: list[tuple[Mapping[str, Any], int | None, str | None]] = [(dom, None, None)]
    while stack:
        item, parent, shadow = stack.pop()
        inner = parent
        found = where.get(item["backendNodeId"])
        if found is not None and documents[found[0]].kinds[found[1]] != DOCUMENT:
            yield Place(found[0], found[1], parent, shadow)
            inner = position
            position += 1
            for node in pseudo.get(found, ()):
                yield Place(found[0], node, inner, None)
                position += 1
        stack.extend((child, inner, None) for child in reversed(item.get("children", ())))
        for root in reversed(item.get("shadowRoots", ())):
            if root.get("shadowRootType") in ("open", "closed"):
                stack.extend((child, inner, root["shadowRootType"]) for child in reversed(root.get("children", ())))
        if "contentDocument" in item:
            stack.append((item["contentDocument"], inner, None))


def _pseudo_children(documents: Sequence[FrozenDocument]) -> dict[tuple[int, int], list[int]]:
    """Return generated content by the document and index of the element that it belongs to."""
    found: dict[tuple[int, int], list[int]] = {}
    for number, document in enumerate(documents):
        for node in document.pseudo:
            found.setdefault((number, document.parents[node]), []).append(node)
    return found

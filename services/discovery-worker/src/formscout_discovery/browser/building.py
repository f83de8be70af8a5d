"""Builds a snapshot's nodes from frozen ones, place by place: what is kept, where it lies, whether it can be seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from formscout.domain.snapshots import TEXT, Box, Frame, Node
from formscout_discovery.browser.accessibility import Spoken
from formscout_discovery.browser.frozen import ELEMENT, TEXT_NODE, FrozenDocument, Layout
from formscout_discovery.browser.masking import (
    SKIPPED_TAGS,
    TEXTLESS_TAGS,
    generated_text,
    is_editable,
    kept_attributes,
    kept_text,
    takes_text,
)
from formscout_discovery.browser.tree import Place

COLLAPSED_PX: Final = 1.0
"""A box that clips and is no larger than this shows nothing of its content: a closed accordion, text for screen readers."""

FACES: Final = frozenset({"checkbox", "radio", "file"})
"""Inputs that are often made transparent over a drawn face: a person still clicks them, so they count as seen."""

CONTROLS: Final = frozenset({"input", "select", "textarea", "button", "option", "optgroup", "fieldset"})
"""Elements that the `disabled` attribute means something to."""

FRAME_TAGS: Final = frozenset({"iframe", "frame"})


@dataclass(slots=True)
class Context:
    """What a node hands down to those below it."""

    node: int | None  # the snapshot's id; None: this part of the tree is left out
    tag: str = ""
    x: float = 0  # what to add to a box of this document, to count from the top document's corner
    y: float = 0
    hidden: bool = False  # transparent or clipped away, with all that is below
    folded: bool = False  # right below a closed `details`, which shows its summary alone
    editable: int | None = None  # the snapshot's id of the element whose content is a value
    disabled: bool = False
    document: int = 0


class Builder:
    """Takes the places of a walk one after the other."""

    def __init__(self, documents: Sequence[FrozenDocument], spoken: Mapping[int, Spoken]) -> None:
        self._documents = documents
        self._spoken = spoken
        self._contexts: list[Context] = []
        self._nodes: list[Node] = []
        self._frames: dict[int, Frame] = {0: Frame(id=0, address=documents[0].address)}

    def frames(self) -> tuple[Frame, ...]:
        """Return the documents met, the top one first."""
        return tuple(self._frames.values())

    def nodes(self) -> tuple[Node, ...]:
        """Return the nodes; an element without a box of its own takes the one of what it shows."""
        return tuple(_with_boxes_of_children(self._nodes))

    def add(self, place: Place) -> None:
        """Take the next node; its parent was taken before."""
        above = Context(node=None) if place.parent is None else self._contexts[place.parent]
        document = self._documents[place.document]
        if place.parent is not None and above.node is None:
            self._contexts.append(above)
            return
        context = self._enter(place, above, document)
        kind = document.kinds[place.node]
        if kind == TEXT_NODE:
            self._add_text(place, context, document)
        elif document.pseudo.get(place.node):
            self._add_generated(place, context, document)
        elif kind == ELEMENT and document.tag(place.node) not in SKIPPED_TAGS:
            self._add_element(place, context, document)
        self._contexts.append(context)

    def _enter(self, place: Place, above: Context, document: FrozenDocument) -> Context:
        """Return the context of a node, moved into its frame if it is the first of one."""
        context = replace(above, node=None)
        if place.document != above.document:
            context.document = place.document
            context.x, context.y = above.x - document.scroll_x, above.y - document.scroll_y
            if place.document not in self._frames:
                self._frames[place.document] = Frame(id=len(self._frames), address=document.address, owner=above.node)
        return context

    def _add_text(self, place: Place, context: Context, document: FrozenDocument) -> None:
        if context.tag in TEXTLESS_TAGS:
            return
        text = kept_text(document.text(place.node))
        if text and context.editable is not None:
            self._nodes[context.editable] = replace(self._nodes[context.editable], has_value=True)
        elif text:
            self._append_text(text, place, context, document)

    def _add_generated(self, place: Place, context: Context, document: FrozenDocument) -> None:
        text = generated_text(kept_text(document.drawn_text(place.node)))
        if text:
            self._append_text(text, place, context, document)

    def _append_text(self, text: str, place: Place, context: Context, document: FrozenDocument) -> None:
        layout = document.layout(place.node)
        box = None if layout is None else _moved(layout.box, context)
        self._nodes.append(
            Node(
                id=len(self._nodes),
                parent=self._parent(place),
                tag=TEXT,
                frame=self._frames[context.document].id,
                text=text,
                box=box,
                visible=layout is not None
                and not context.hidden
                and not context.folded
                and layout.visibility == "visible"
                and _on_page(box),
                shadow=place.shadow,
            )
        )

    def _add_element(self, place: Place, context: Context, document: FrozenDocument) -> None:
        tag = document.tag(place.node)
        attributes = kept_attributes(tag, document.attributes(place.node))
        spoken = self._spoken.get(document.backend_ids[place.node])
        layout = document.layout(place.node)
        box = None if layout is None else _moved(layout.box, context)
        hidden = (
            context.hidden
            or (context.folded and tag != "summary")
            or (layout is not None and _is_transparent(layout) and not _is_face(tag, attributes))
        )
        node = Node(
            id=len(self._nodes),
            parent=self._parent(place),
            tag=tag,
            frame=self._frames[context.document].id,
            attributes=attributes,
            role=None if spoken is None else spoken.role,
            name=None if spoken is None else spoken.name,
            description=None if spoken is None else spoken.description,
            box=box,
            visible=layout is not None and not hidden and layout.visibility == "visible" and _on_page(box),
            clickable=place.node in document.clickable,
            pointer=layout is not None and layout.cursor == "pointer",
            shadow=place.shadow,
            checked=_checked(tag, attributes, place, document, spoken),
            disabled=context.disabled or _is_disabled(tag, attributes, spoken),
            required="required" in attributes or attributes.get("aria-required") == "true" or (spoken is not None and spoken.required),
            readonly="readonly" in attributes or attributes.get("aria-readonly") == "true" or (spoken is not None and spoken.readonly),
            expanded=None if spoken is None else spoken.expanded,
            has_value=takes_text(tag, attributes) and document.holds_value(place.node),
        )
        self._nodes.append(node)
        self._hand_down(context, node, layout, hidden=hidden)

    def _hand_down(self, context: Context, node: Node, layout: Layout | None, *, hidden: bool) -> None:
        """Set what the nodes below will see."""
        context.node = node.id
        context.tag = node.tag
        context.hidden = hidden or (layout is not None and (layout.skips_content or (layout.clips and _is_collapsed(node.box))))
        context.folded = node.tag == "details" and "open" not in node.attributes
        if context.editable is None and is_editable(node.attributes):
            context.editable = node.id
        if node.tag == "fieldset" and "disabled" in node.attributes:
            context.disabled = True
        elif node.tag == "legend":
            context.disabled = False  # what stands in a disabled group's legend stays usable
        if node.tag in FRAME_TAGS and layout is not None and node.box is not None:
            context.x, context.y = node.box.x + layout.border_left, node.box.y + layout.border_top
            context.hidden = context.hidden or not node.visible

    def _parent(self, place: Place) -> int | None:
        return None if place.parent is None else self._contexts[place.parent].node


def _moved(box: Box, context: Context) -> Box:
    return Box(x=round(box.x + context.x, 1), y=round(box.y + context.y, 1), width=round(box.width, 1), height=round(box.height, 1))


def _on_page(box: Box | None) -> bool:
    """Tell whether a box has an area that scrolling can bring into view."""
    return box is not None and box.width > 0 and box.height > 0 and box.x + box.width > 0 and box.y + box.height > 0


def _is_collapsed(box: Box | None) -> bool:
    return box is not None and (box.width <= COLLAPSED_PX or box.height <= COLLAPSED_PX)


def _is_transparent(layout: Layout) -> bool:
    return layout.opacity in ("0", "0.0")


def _is_face(tag: str, attributes: Mapping[str, str]) -> bool:
    return tag == "select" or (tag == "input" and attributes.get("type", "text").lower() in FACES)


def _is_disabled(tag: str, attributes: Mapping[str, str], spoken: Spoken | None) -> bool:
    own = (tag in CONTROLS or "-" in tag) and "disabled" in attributes
    return own or attributes.get("aria-disabled") == "true" or (spoken is not None and spoken.disabled)


def _checked(tag: str, attributes: Mapping[str, str], place: Place, document: FrozenDocument, spoken: Spoken | None) -> bool | None:
    if tag == "option" or (tag == "input" and attributes.get("type", "").lower() in ("checkbox", "radio")):
        return place.node in document.checked
    return None if spoken is None else spoken.checked


def _with_boxes_of_children(nodes: list[Node]) -> list[Node]:
    """Give elements without an area (`display: contents`, links around floats) the box of the visible nodes right below them."""
    boxes: dict[int, Box] = {}
    for node in reversed(nodes):
        lent = boxes.get(node.id)
        if lent is not None and not node.visible and not _on_page(node.box):
            nodes[node.id] = replace(node, box=lent, visible=True)
        shown = nodes[node.id]
        if shown.visible and shown.box is not None and shown.parent is not None and nodes[shown.parent].frame == shown.frame:
            boxes[shown.parent] = _union(shown.box, boxes.get(shown.parent))
    return nodes


def _union(box: Box, other: Box | None) -> Box:
    if other is None:
        return box
    x, y = min(box.x, other.x), min(box.y, other.y)
    right, bottom = max(box.x + box.width, other.x + other.width), max(box.y + box.height, other.y + other.height)
    return Box(x=x, y=y, width=right - x, height=bottom - y)

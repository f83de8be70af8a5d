"""Which elements of a page are controls that a person fills in, native or by ARIA pattern."""

import re
from dataclasses import dataclass
from typing import Final

from formscout.domain.snapshots import TEXT, Node
from formscout.reading.tree import Tree
from formscout.reading.words import CHOOSE

INPUT_TYPES: Final = frozenset(
    {
        "text",
        "search",
        "tel",
        "url",
        "email",
        "password",
        "date",
        "month",
        "week",
        "time",
        "datetime-local",
        "number",
        "range",
        "color",
        "checkbox",
        "radio",
        "file",
    }
)
NOT_FILLED: Final = frozenset({"hidden", "submit", "button", "image", "reset"})
NATIVE: Final = frozenset({"input", "select", "textarea"})
WIDGET_ROLES: Final = frozenset({"textbox", "searchbox", "combobox", "listbox", "slider", "switch", "spinbutton", "checkbox", "radio"})
TEXT_LIKE: Final = frozenset(
    {"text", "search", "tel", "url", "email", "password", "number", "textarea", "textbox", "searchbox", "contenteditable", "spinbutton"}
)
TICKED: Final = frozenset({"checkbox", "radio"})
EDITABLE: Final = frozenset({"", "true", "plaintext-only"})

_POPUP = re.compile(r"datepicker|flatpickr-calendar|daterangepicker|ui-timepicker|calendar-popup", re.IGNORECASE)
_DRAWN = re.compile(r"(?:^|[\s_-])(radio|checkbox)(?:$|[\s_-])", re.IGNORECASE)
_DROP_ZONE = re.compile(r"(?:^|[\s_-])(?:drop-?zone|file-?drop|drop-?area|upload-?area|uploader-?drop)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control: the element that carries the value and, where that is out of sight, what a person sees instead."""

    node: int
    type: str
    name: str
    visible: bool
    faces: tuple[int, ...] = ()  # visible widgets that stand for a native control out of sight
    carrier: int | None = None  # the hidden input that carries a widget's value

    @property
    def everything(self) -> tuple[int, ...]:
        """All its elements, the one that carries the value first."""
        return (self.node, *self.faces, *(() if self.carrier is None else (self.carrier,)))


def type_of(tree: Tree, node: Node) -> str | None:
    """Return the control's type, None when the element is no control."""
    if node.tag == TEXT:
        return None
    role = node.attributes.get("role", "").strip().lower()
    if node.tag == "input":
        return _input_type(node, role)
    if node.tag == "select":
        return "select"
    if node.tag == "textarea":
        return "textarea"
    return _widget_type(tree, node, role)


def _input_type(node: Node, role: str) -> str | None:
    kind = node.attributes.get("type", "text").strip().lower()
    if kind in NOT_FILLED:
        return None
    if kind == "text" and node.readonly and (node.pointer or CHOOSE.match(node.attributes.get("placeholder", ""))):
        return "combobox"  # nothing can be typed, but a list opens
    if role == "combobox" and kind in ("text", "search"):
        return "combobox"
    if role == "spinbutton" and kind == "text":
        return "spinbutton"
    if role == "searchbox" and kind == "text":
        return "search"
    return kind if kind in INPUT_TYPES else "text"


def _widget_type(tree: Tree, node: Node, role: str) -> str | None:
    attributes = node.attributes
    if role in WIDGET_ROLES:
        return None if role == "listbox" and _is_popup_list(tree, node) else role
    if attributes.get("contenteditable", "false").lower() in EDITABLE:
        return None if _inside_editable(tree, node) else "contenteditable"
    if "aria-pressed" in attributes and (drawn := _DRAWN.search(attributes.get("class", ""))):
        return drawn.group(1).lower()  # a button that is drawn as a radio or check box
    if node.tag == "button" and attributes.get("aria-haspopup") == "listbox":
        return "combobox"
    if not role and "-" in node.tag and node.role in WIDGET_ROLES:
        return node.role  # a custom element whose role comes from its internals
    return None


def _is_popup_list(tree: Tree, node: Node) -> bool:
    """Tell whether a list box is the list of a combo box, and so no field of its own."""
    identity = node.attributes.get("id")
    if identity and (tree.scope[node.id], identity) in tree.controlled:
        return True
    return any(tree.attribute(a, "role") == "combobox" for a in tree.ancestors(node.id))


def _inside_editable(tree: Tree, node: Node) -> bool:
    return any(
        tree.nodes[a].attributes.get("contenteditable", "false").lower() in EDITABLE
        or tree.nodes[a].attributes.get("role") in ("textbox", "combobox")
        for a in tree.ancestors(node.id)
    )


def find(tree: Tree) -> list[Control]:
    """Return all controls of the page in document order; those of date pickers that pop up are left out."""
    found: list[Control] = []
    for node in tree.nodes:
        kind = type_of(tree, node)
        if kind is None:
            if _is_drop_zone(tree, node):
                found.append(Control(node=node.id, type="file", name="", visible=True))
            continue
        name = node.attributes.get("name", "")
        if not name and _in_popup(tree, node.id):
            continue
        found.append(Control(node=node.id, type=kind, name=name, visible=_is_seen(tree, node, kind)))
    return found


def _is_drop_zone(tree: Tree, node: Node) -> bool:
    if node.tag == TEXT or not node.visible or not _DROP_ZONE.search(node.attributes.get("class", "")):
        return False
    if any(below.tag == "input" and below.attributes.get("type") == "file" for below in tree.elements(node.id)):
        return False
    if any(_DROP_ZONE.search(tree.attribute(a, "class")) for a in tree.ancestors(node.id)):
        return False
    # A zone that sits beside its own file input is that input's face, not another field.
    parent = node.parent
    return parent is None or not any(below.tag == "input" and below.attributes.get("type") == "file" for below in tree.elements(parent))


def _in_popup(tree: Tree, node: int) -> bool:
    return any(
        _POPUP.search(tree.attribute(a, "class")) and tree.nodes[a].tag != "form"
        for a in tree.ancestors(node)
        if tree.nodes[a].tag in ("div", "table")
    )


def _is_seen(tree: Tree, node: Node, kind: str) -> bool:
    if tree.seen(node.id):
        return True
    if kind not in (*TICKED, "file"):
        return False
    # Style sheets draw their own box, switch or drop zone over these: what is seen is the label or what stands around.
    labels = [a for a in tree.ancestors(node.id) if tree.nodes[a].tag == "label"][:1]
    labels += tree.labels_for.get((tree.scope[node.id], node.attributes.get("id", "")), []) if node.attributes.get("id") else []
    if any(tree.seen(label) for label in labels):
        return True
    return kind == "file" and node.parent is not None and tree.seen(node.parent)

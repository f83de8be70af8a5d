"""The buttons of a page, and what pressing each does to the form it belongs to."""

from dataclasses import dataclass
from typing import Final

from formscout.domain.forms import ButtonType
from formscout.domain.snapshots import TEXT, Node
from formscout.reading.tree import Tree, is_icon
from formscout.reading.words import CANCEL, RESET, SUBMIT, collapse

PRESSED_INPUTS: Final = frozenset({"submit", "button", "image", "reset"})
LONGEST_LABEL: Final = 80
"""Characters; what is longer is a card that can be clicked, not a button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button as seen; `sends` tells that markup alone (not its words) makes it a submit button."""

    node: int
    label: str
    type: ButtonType
    sends: bool
    visible: bool


def find(tree: Tree) -> list[Button]:
    """Return the buttons of the page in document order."""
    return [_read(tree, node) for node in tree.nodes if node.tag != TEXT and _is_button(node)]


def _is_button(node: Node) -> bool:
    attributes = node.attributes
    if attributes.get("aria-haspopup") in ("listbox", "menu", "true") or "aria-expanded" in attributes or "aria-pressed" in attributes:
        return False
    role = attributes.get("role", "")
    if node.tag == "input":
        return attributes.get("type", "text").lower() in PRESSED_INPUTS
    if node.tag == "button":
        return role in ("", "button")
    if role == "button":
        return True
    if node.tag != "a":
        return False
    # A link that goes nowhere but listens is a button; so is one dressed as a button, when its words send or cancel.
    href = attributes.get("href", "").strip()
    goes_nowhere = href in ("", "#") or href.lower().startswith("javascript:")
    return (
        (goes_nowhere and (node.clickable or "onclick" in attributes))
        or "btn" in attributes.get("class", "")
        or bool(CANCEL.search(node.name or ""))
    )


def _read(tree: Tree, node: Node) -> Button:
    label = _label(tree, node)
    words = f"{label} {_glyph(tree, node)}" if len(label.split()) <= 1 else label
    kind, sends = _type(tree, node, words)
    return Button(node=node.id, label=label[:LONGEST_LABEL], type=kind, sends=sends, visible=tree.seen(node.id))


def _label(tree: Tree, node: Node) -> str:
    """Return what a button says; the name of its icon only where it says nothing else."""
    attributes = node.attributes
    spoken = attributes.get("aria-label") or (attributes.get("value") or attributes.get("alt") if node.tag == "input" else None)
    if not spoken:
        spoken = " ".join(t.text for t in tree.nodes[node.id + 1 : tree.end[node.id]] if t.tag == TEXT and not _in_icon(tree, t, node.id))
    return collapse(spoken or attributes.get("title", "") or node.name or "")


def _in_icon(tree: Tree, text: Node, root: int) -> bool:
    return any(is_icon(tree.nodes[a]) or tree.nodes[a].tag in ("svg", "style") for a in tree.ancestors(text.id) if a > root)


def _glyph(tree: Tree, node: Node) -> str:
    """Return what a button without words shows: the name of its icon."""
    names = []
    for below in (node, *tree.elements(node.id)):
        names += [below.attributes.get("data-icon", ""), below.attributes.get("class", ""), below.attributes.get("href", "")]
        if is_icon(below):
            names += [tree.nodes[c].text for c in tree.children[below.id]]
    joined = " ".join(names).replace("-", " ").replace("_", " ").replace("#", " ")
    return "save" if any(w in joined.split() for w in ("check", "save", "done", "send", "floppy")) else ""


def _type(tree: Tree, node: Node, words: str) -> tuple[ButtonType, bool]:
    attributes = node.attributes
    kind = attributes.get("type", "").lower()
    if kind == "reset":
        return ButtonType.RESET, False
    owned = "form" in attributes or any(tree.nodes[a].tag == "form" for a in tree.ancestors(node.id))
    by_markup = (node.tag == "input" and kind in ("submit", "image")) or (
        node.tag == "button" and kind in ("", "submit") and (owned or kind == "submit")
    )
    if by_markup:
        cancels = CANCEL.search(words) and not SUBMIT.search(words)
        return (ButtonType.CANCEL, False) if cancels else (ButtonType.SUBMIT, True)
    # Cancel comes first: "Cancel changes" holds a word of both lists, and sends nothing.
    if CANCEL.search(words) and len(words) <= LONGEST_LABEL:
        return ButtonType.CANCEL, False
    if RESET.search(words):
        return ButtonType.RESET, False
    if SUBMIT.search(words) and len(words) <= LONGEST_LABEL:
        return ButtonType.SUBMIT, False
    return ButtonType.BUTTON, False

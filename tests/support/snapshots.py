"""Snapshots built from a few lines of HTML, so that a test of a reading rule shows the page it is about.

What a browser would compute is written down where a test needs it: `hidden` or `style="display:none"` takes a subtree out
of sight, `data-box="x,y,width,height"` gives a box, `data-name` and `data-role` stand for Chromium's computed name and role,
`data-click` for a listener. The document of a frame stands inside `<iframe src=…>`, a shadow root inside
`<template shadowrootmode="open">`.
"""

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, Final

from formscout.domain.snapshots import TEXT, Box, Frame, Node, ProbeDelta, Snapshot

ADDRESS: Final = "https://app.example/things"
VOID: Final = frozenset({"input", "br", "hr", "img", "meta", "link", "base", "source", "wbr"})
UNSEEN: Final = frozenset({"script", "style", "head", "title", "template", "option", "optgroup", "datalist", "base"})
ROLES: Final = {
    "button": "button",
    "a": "link",
    "select": "combobox",
    "textarea": "textbox",
    "form": "form",
    "h1": "heading",
    "h2": "heading",
}
INPUT_ROLES: Final = {
    "checkbox": "checkbox",
    "radio": "radio",
    "submit": "button",
    "button": "button",
    "search": "searchbox",
    "range": "slider",
}


def _role(tag: str, kind: str) -> str | None:
    return INPUT_ROLES.get(kind, "textbox") if tag == "input" else ROLES.get(tag)


class _Builder(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.nodes: list[dict[str, Any]] = []  # keyword arguments of Node, not yet frozen
        self.frames = [Frame(id=0, address=address)]
        self.open: list[tuple[str, int | None, bool]] = []  # tag, node id (None: a shadow root), visible
        self.shadow: str | None = None

    def _parent(self) -> int | None:
        return next((node for _, node, _ in reversed(self.open) if node is not None), None)

    def _add(self, **values: Any) -> int:
        parent = self._parent()
        frame = 0
        if parent is not None:
            above = self.nodes[parent]
            frame = above["frame"]
            if above["tag"] == "iframe":
                if not any(f.owner == parent for f in self.frames):
                    self.frames.append(Frame(id=len(self.frames), address=above["attributes"].get("src", "about:blank"), owner=parent))
                frame = next(f.id for f in self.frames if f.owner == parent)
        in_root = bool(self.open) and self.open[-1][1] is None
        values |= {"id": len(self.nodes), "parent": parent, "frame": frame, "shadow": self.open[-1][0] if in_root else None}
        self.nodes.append(values)
        return len(self.nodes) - 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {k: v or "" for k, v in attrs}
        if tag == "template" and "shadowrootmode" in attributes:
            self.open.append((attributes["shadowrootmode"], None, self._sees()))
            return
        style = attributes.get("style", "").replace(" ", "")
        visible = self._sees() and "hidden" not in attributes and "display:none" not in style and tag not in UNSEEN
        visible = visible and attributes.get("type") != "hidden"
        box = attributes.pop("data-box", None)
        kind = attributes.get("type", "text")
        node = self._add(
            tag=tag,
            visible=visible,
            box=Box(**dict(zip(("x", "y", "width", "height"), map(float, box.split(",")), strict=True))) if box else None,
            name=attributes.pop("data-name", None),
            role=attributes.pop("data-role", None) or attributes.get("role") or _role(tag, kind),
            clickable="data-click" in attributes or (tag == "a" and "href" in attributes),
            required="required" in attributes or attributes.get("aria-required") == "true",
            disabled="disabled" in attributes,
            readonly="readonly" in attributes,
            attributes=attributes,
        )
        if tag not in VOID:
            self.open.append((tag, node, visible))

    def _sees(self) -> bool:
        return self.open[-1][2] if self.open else True

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open:
            self._add(tag=TEXT, text=" ".join(data.split()), visible=self._sees())


def page(html: str, *, address: str = ADDRESS, title: str = "", deltas: tuple[ProbeDelta, ...] = ()) -> Snapshot:
    """Return the snapshot of a page with this body."""
    builder = _Builder(address)
    builder.feed(f"<html><body>{html}</body></html>")
    builder.close()
    return Snapshot(
        address=address,
        title=title,
        captured_at=datetime(2026, 1, 1, tzinfo=UTC),
        width=1280,
        height=800,
        frames=tuple(builder.frames),
        nodes=tuple(Node(**values) for values in builder.nodes),
        deltas=deltas,
    )


def node(snapshot: Snapshot, identity: str) -> int:
    """Return the node whose id attribute is `identity`."""
    return next(n.id for n in snapshot.nodes if n.attributes.get("id") == identity)

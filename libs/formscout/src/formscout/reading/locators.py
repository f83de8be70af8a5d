"""Ways to find an element of a snapshot again on the live page."""

import re
from collections import Counter
from typing import Final

from formscout.domain.paths import Locators
from formscout.domain.snapshots import TEXT, Node
from formscout.reading.controls import TICKED
from formscout.reading.tree import Tree

TEST_IDS: Final = ("data-testid", "data-test-id", "data-test", "data-cy", "data-qa")

_PLAIN = re.compile(r"-?[A-Za-z_][\w-]*\Z", re.ASCII)
_UNSTABLE: Final = re.compile(
    r"^:|:r\w*:|(?:^|[-_])(?:radix|headlessui|mui|ember|ext|yui|react-aria|uid|cid|rc|el-id|v|mat-\w+|cdk)[-_:]*\d"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-|\d{4,}|(?=[a-z]*\d)(?=\d*[a-z])[0-9a-f]{10,}",
    re.IGNORECASE,
)
"""What ids look like that a library counts up or a server makes anew: right on this page, wrong on the next visit."""


class Locator:
    """Finds ways to elements of one tree; counts what names and ids are unique once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        named = [(tree.scope[n.id], n.tag, n.attributes) for n in tree.nodes if n.tag != TEXT and n.attributes.get("name")]
        self._names = Counter((scope, tag, attributes["name"]) for scope, tag, attributes in named)
        self._values = Counter((scope, attributes["name"], attributes.get("value")) for scope, _, attributes in named)
        self._css: dict[int, str] = {}

    def of(self, node: int) -> Locators:
        """Return the element's locators; `css` hits exactly it within its frame and shadow root."""
        it = self._tree.nodes[node]
        test_id = next((it.attributes[a] for a in TEST_IDS if it.attributes.get(a)), None)
        hosts, frames = self._way(node)
        return Locators(
            role=it.role or it.attributes.get("role"),
            label=it.name or None,
            test_id=test_id,
            css=self.css(node),
            shadow_path=tuple(self.css(h) for h in hosts),
            frame=tuple(self.css(f) for f in frames),
        )

    def _way(self, node: int) -> tuple[list[int], list[int]]:
        """Return the shadow hosts within the element's own frame and the frame elements around it, outermost first."""
        tree = self._tree
        hosts: list[int] = []
        frames: list[int] = []
        at = tree.nodes[node]
        while at.parent is not None:
            above = tree.nodes[at.parent]
            if at.shadow and not frames:
                hosts.append(above.id)
            elif at.frame != above.frame:
                frames.append(above.id)
            at = above
        return hosts[::-1], frames[::-1]

    def css(self, node: int) -> str:
        """Return a selector that hits exactly this element in its document or shadow root."""
        known = self._css.get(node)
        if known is None:
            known = self._css[node] = self._short(self._tree.nodes[node]) or self._path(node)
        return known

    def _short(self, it: Node) -> str | None:
        scope = self._tree.scope[it.id]
        identity = it.attributes.get("id", "")
        if identity and len(self._tree.ids.get((scope, identity), ())) == 1 and not _UNSTABLE.search(identity):
            return f"#{identity}" if _PLAIN.match(identity) else f"[id={_quoted(identity)}]"
        name = it.attributes.get("name", "")
        if not name:
            return None
        if self._names[(scope, it.tag, name)] == 1:
            return f"{it.tag}[name={_quoted(name)}]"
        value = it.attributes.get("value")
        if value is not None and self._values[(scope, name, value)] == 1 and it.attributes.get("type") in TICKED:
            return f"{it.tag}[name={_quoted(name)}][value={_quoted(value)}]"
        return None

    def _path(self, node: int) -> str:
        tree = self._tree
        parts: list[str] = []
        at = tree.nodes[node]
        while True:
            parts.append(f"{_tag(at.tag)}{self._position(at)}")
            if at.parent is None or at.frame != tree.nodes[at.parent].frame:
                parts[-1] = _tag(at.tag) if at.tag == "html" else f":root > {parts[-1]}"
                break
            if at.shadow:
                parts.append(":host")
                break
            at = tree.nodes[at.parent]
            anchor = self._short(at)
            if anchor:
                parts.append(anchor)
                break
        return " > ".join(reversed(parts))

    def _position(self, it: Node) -> str:
        """Return which of its kind an element is among its siblings; nothing for the only one."""
        tree = self._tree
        if it.parent is None:
            return ""
        beside = (tree.nodes[c] for c in tree.children[it.parent])
        kin = [n.id for n in beside if n.tag == it.tag and n.shadow == it.shadow and n.frame == it.frame]
        return f":nth-of-type({kin.index(it.id) + 1})" if len(kin) > 1 else ""


def _tag(tag: str) -> str:
    return tag if _PLAIN.match(tag) else re.sub(r"([^\w-])", r"\\\1", tag, flags=re.ASCII)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\a ").replace("\r", "\\d ")
    return f'"{escaped}"'

"""Fingerprints of page states: the shape of what is shown, blind to its words."""

import hashlib
import re
from typing import Final

from formscout.domain.snapshots import TEXT, Node, Snapshot

TAGS_OF_A_PATH: Final = 6
"""Ancestors that a tag path looks at: enough to tell places apart, few enough that a moved block keeps most of its shape."""

FILLED_IN: Final = frozenset({"input", "select", "textarea"})
DIGEST_CHARACTERS: Final = 24
"""Hex digits kept of a SHA-256: 96 bits, far beyond any number of pages."""

_NUMBER = re.compile(r"\d+")
_SHAPELESS: Final = frozenset({TEXT, "script", "style", "link", "meta", "br", "wbr", "option", "path", "b", "i", "em", "strong"})


def shape(snapshot: Snapshot) -> frozenset[str]:
    """Return the set of tag paths of what is visible; a list of three and a list of thirty have one shape."""
    paths: list[str] = []
    shapes: set[str] = set()
    for node in snapshot.nodes:
        above = paths[node.parent] if node.parent is not None else ""
        own = above if node.tag in _SHAPELESS else ">".join([*above.split(">")[1 - TAGS_OF_A_PATH :], _token(node)])
        paths.append(own)
        if node.visible and node.tag not in _SHAPELESS:
            shapes.add(own)
    return frozenset(shapes)


def fingerprint(snapshot: Snapshot, template: str) -> str:
    """Return a digest that near-identical pages of one address template share."""
    text = "\n".join([template, *sorted(shape(snapshot))])
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return how much two shapes have in common, 0 to 1 (Jaccard)."""
    union = len(one | other)
    return len(one & other) / union if union else 1.0


def _token(node: Node) -> str:
    if node.tag in FILLED_IN:
        name = _NUMBER.sub("#", node.attributes.get("name", ""))
        return f"{node.tag}[{node.attributes.get('type', '')},{name}]"
    if node.role in ("dialog", "tab", "tabpanel", "menu"):
        return f"{node.tag}({node.role})"
    return node.tag

"""The steps of a wizard whose parts all stand in the page, one of them seen at a time."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from formscout.domain.forms import FormReading
from formscout.domain.snapshots import TEXT
from formscout.reading.labels import legend_of
from formscout.reading.layout import HEADINGS
from formscout.reading.tree import Tree

NEXT: Final = re.compile(
    r"\b(?:next|continue|back|previous|step|weiter|zurück|suivant|précédent|siguiente|anterior|atrás|próximo|voltar|avanti|indietro|volgende|vorige|dalej)\b|далее|次へ|戻る|下一步|上一步|다음",
    re.IGNORECASE,
)
"""What moves between steps."""
PARTS: Final = frozenset({"fieldset", "section", "div", "li", "article", "form-step"})
LONGEST: Final = 80
"""Characters; what is longer names no step."""


def steps(tree: Tree, form: FormReading) -> dict[int, str]:
    """Return the name of the step each field (by node) stands in; empty when the form has no steps."""
    if not any(NEXT.search(b.label) for b in form.buttons):
        return {}
    nodes = sorted(f.node for f in form.fields)
    parts = _parts(tree, form.root, nodes)
    names = [_name(tree, part, position) for position, part in enumerate(parts, start=1)]
    return {node: name for part, name in zip(parts, names, strict=True) for node in _inside(tree, part, nodes)}


def _parts(tree: Tree, root: int, nodes: Sequence[int]) -> list[int]:
    """Return sibling elements with fields of which exactly one is seen, the outermost such siblings."""
    at = root
    while True:
        holding = [c for c in tree.children[at] if tree.nodes[c].tag != TEXT and _inside(tree, c, nodes)]
        candidates = [c for c in holding if tree.nodes[c].tag in PARTS or tree.attribute(c, "role") in ("tabpanel", "group", "region")]
        seen = [c for c in candidates if tree.nodes[c].visible and any(tree.nodes[n].visible for n in _inside(tree, c, nodes))]
        if len(candidates) > 1 and len(seen) == 1:
            return candidates
        if len(holding) != 1:
            return []
        at = holding[0]


def _inside(tree: Tree, root: int, nodes: Sequence[int]) -> Sequence[int]:
    return nodes[bisect_left(nodes, root) : bisect_left(nodes, tree.end[root])]


def _name(tree: Tree, part: int, position: int) -> str:
    named = " ".join(tree.text(n) for n in tree.referenced(part, "aria-labelledby")) or tree.attribute(part, "aria-label")
    legend = legend_of(tree, part)
    heading = next((e.id for e in tree.elements(part) if e.tag in HEADINGS or e.tag == "legend"), None)
    words = named or (tree.text(legend) if legend is not None else "") or (tree.text(heading) if heading is not None else "")
    return words[:LONGEST] or f"Step {position}"

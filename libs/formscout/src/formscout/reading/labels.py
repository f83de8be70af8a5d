"""The label of a control or group, in passes from the surest source to the last resort, each with its provenance."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from formscout.domain.forms import LabelSource
from formscout.domain.snapshots import TEXT
from formscout.reading.cells import Cells
from formscout.reading.controls import TEXT_LIKE, TICKED, Control
from formscout.reading.groups import GROUP_ROLES
from formscout.reading.layout import Layout
from formscout.reading.regions import is_search
from formscout.reading.tables import Tables
from formscout.reading.tree import Tree
from formscout.reading.words import CHOOSE, OPTIONAL, REQUIRED, collapse

LONGEST: Final = 250
"""Characters kept of a label; consents are long, and their beginning tells what they are."""
FROM_CONTENT: Final = frozenset({"checkbox", "radio", "switch"})
"""Controls whose accessible name may come from their content; the content of others is their value."""

_STAR = re.compile(r"^\s*[*＊✱]\s*|\s*[*＊✱]+(?=\s*:?\s*$)")
_END = re.compile(r"(?:[\s:：…]|\.{2,})+$")
_GENERIC = re.compile(r"rich.?text (?:area|editor)|^editor\b|editing area|text editor", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]")
_NUMBERED = re.compile(r"[\[\]._\-:\s]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label as found; `holder` is the element it was read from."""

    text: str
    source: LabelSource
    holder: int | None = None
    raw: str = ""  # before stars and colons were taken off


NO_LABEL: Final = Label(text="", source=LabelSource.NONE)


class Labels:
    """Finds the labels of the controls of one page."""

    def __init__(self, tree: Tree, layout: Layout, tables: Tables, cells: Cells) -> None:
        self._tree = tree
        self._layout = layout
        self._tables = tables
        self._cells = cells

    def of_control(self, controls: Sequence[Control], root: int) -> Label:
        """Return the label of a control, or of one that stands in several rows; `root` is its form's region."""
        return self._first(self._passes(controls, root))

    def of_group(self, controls: Sequence[Control], root: int) -> Label:
        """Return the label of check boxes or radios as one field; each one's own label names a choice, not the field."""
        return self._first(self._group_passes(controls, root))

    def of_choice(self, control: Control, root: int) -> str:
        """Return what a single check box or radio of a group says."""
        explicit = self._first(self._explicit(control))
        if explicit.text:
            return explicit.text
        node = self._tree.nodes[control.node]
        name = node.name if node.tag == "input" else self._tree.text(node.id) or node.name
        if name:
            return _clean(name)
        found = self._layout.label((control.node,), control.type, root)
        if found is not None:
            return _clean(found[1])
        cell = self._tables.cell_of(control.node)
        return "" if cell is None else " ".join(self._tree.text(h) for h in self._tables.heads((cell,)))

    @staticmethod
    def _first(passes: Iterator[Label]) -> Label:
        for label in passes:
            text = _clean(label.text)
            if _WORD.search(text):
                return Label(text=text[:LONGEST], source=label.source, holder=label.holder, raw=label.text)
        return NO_LABEL

    def _passes(self, controls: Sequence[Control], root: int) -> Iterator[Label]:
        control = controls[0]
        nodes = tuple(c.node for c in controls)
        if len(nodes) > 1:  # one of these alone is named after its own row
            yield from self._structure(nodes)
        yield from self._tagged(control)
        if not control.name:
            yield from self._cell(control.node)
        yield from self._said(control)
        yield from self._computed(control)
        node = self._tree.nodes[control.node]
        placeholder = (
            node.attributes.get("placeholder") or node.attributes.get("data-placeholder") or node.attributes.get("aria-placeholder") or ""
        )
        if is_search(self._tree, control.node):
            yield Label(text=placeholder, source=LabelSource.PLACEHOLDER)
        yield from self._structure(nodes)
        found = self._layout.label((control.node, *control.faces), control.type, root)
        if found is None and control.faces:
            found = self._layout.label(control.faces, control.type, root)
        if found is not None:
            yield Label(text=found[1], source=LabelSource.LAYOUT, holder=found[0])
        yield Label(text=node.attributes.get("title", ""), source=LabelSource.TITLE)
        if control.type in TEXT_LIKE or control.type == "combobox":
            yield Label(text="" if CHOOSE.match(placeholder) else placeholder, source=LabelSource.PLACEHOLDER)
        yield from self._loose_legend((*nodes, *control.faces), root)
        yield Label(text=_spoken(control.name), source=LabelSource.NAME)

    def _tagged(self, control: Control) -> Iterator[Label]:
        """Take `label` elements: by their `for`, then around the control."""
        tree = self._tree
        for node in control.everything:
            identity = tree.attribute(node, "id")
            for label in tree.labels_for.get((tree.scope[node], identity), ()) if identity else ():
                yield Label(text=tree.text(label), source=LabelSource.LABEL_FOR, holder=label)
        for node in control.everything:
            wrap = next((a for a in tree.ancestors(node) if tree.nodes[a].tag == "label"), None)
            if wrap is not None:
                yield Label(text=tree.text(wrap), source=LabelSource.LABEL_WRAP, holder=wrap)

    def _said(self, control: Control) -> Iterator[Label]:
        """Take ARIA's names; those that editors give all their fields are none."""
        tree = self._tree
        for node in control.everything:
            named = tree.referenced(node, "aria-labelledby")
            words = " ".join(tree.text(n) for n in named if n != node)
            yield Label(text=words, source=LabelSource.ARIA_LABELLEDBY, holder=named[0] if named else None)
            said = tree.attribute(node, "aria-label")
            yield Label(text="" if _GENERIC.search(said) else said, source=LabelSource.ARIA_LABEL, holder=node)

    def _explicit(self, control: Control) -> Iterator[Label]:
        yield from self._tagged(control)
        yield from self._said(control)

    def _cell(self, node: int) -> Iterator[Label]:
        """Take the label of the cell that a field stands in."""
        holder = self._cells.label(node)
        if holder is not None:
            words = self._tree.text(holder) or self._tree.words(holder, visible=False, pressed=True)
            yield Label(text=words, source=LabelSource.LAYOUT, holder=holder)

    def _computed(self, control: Control) -> Iterator[Label]:
        """Take Chromium's accessible name where it is no placeholder, no title and no value."""
        node = self._tree.nodes[control.node]
        drawn = control.type in FROM_CONTENT and node.tag != "input"  # its icons spell their names out in the computed name
        name = collapse((self._tree.text(node.id) if drawn else "") or node.name or "")
        if (
            not name
            or _GENERIC.search(name)
            or name in (collapse(node.attributes.get("placeholder", "")), collapse(node.attributes.get("title", "")))
        ):
            return
        if control.type in FROM_CONTENT or (node.tag in ("input", "select", "textarea") and control.type != "file"):
            yield Label(text=name, source=LabelSource.ARIA_LABEL, holder=node.id)

    def _structure(self, nodes: Sequence[int]) -> Iterator[Label]:
        """Look at tables and definition lists: the heads of row and column, the term before."""
        tree = self._tree
        cells = [self._tables.cell_of(n) for n in nodes]
        inside = [c for c in cells if c is not None]
        if len(inside) == len(nodes):
            heads = [] if len(nodes) == 1 and self._has_words_before(inside[0].node, nodes[0]) else self._tables.heads(inside)
            if heads:
                yield Label(text=" ".join(tree.text(h) for h in heads), source=LabelSource.TABLE_HEADER, holder=heads[0])
            elif len(nodes) > 1 and (caption := self._caption(inside[0].table)) is not None:
                yield caption
            return
        term = next((a for a in tree.ancestors(nodes[0]) if tree.nodes[a].tag in ("dd", "form")), None)
        if term is not None and tree.nodes[term].tag == "dd":
            terms = [s for s in tree.children[tree.nodes[term].parent or 0] if s < term and tree.nodes[s].tag == "dt"]
            if terms:
                yield Label(text=tree.text(terms[-1]), source=LabelSource.TABLE_HEADER, holder=terms[-1])

    def _has_words_before(self, cell: int, node: int) -> bool:
        """Tell whether words stand before a control in its own cell: those are nearer than any head."""
        tree = self._tree
        return any(tree.words(s, visible=False) for s in tree.children[cell] if s < node and not tree.within(node, s))

    def _caption(self, table: int) -> Label | None:
        caption = next((c for c in self._tree.children[table] if self._tree.nodes[c].tag == "caption"), None)
        words = self._tree.attribute(table, "aria-label") if caption is None else self._tree.text(caption)
        return Label(text=words, source=LabelSource.TABLE_HEADER, holder=caption) if words else None

    def _group_passes(self, controls: Sequence[Control], root: int) -> Iterator[Label]:
        tree = self._tree
        nodes = tuple(c.node for c in controls)
        for ancestor in tree.ancestors(nodes[0]):
            it = tree.nodes[ancestor]
            inside = all(tree.within(n, ancestor) for n in nodes)
            if inside and (it.tag == "fieldset" or it.attributes.get("role") in GROUP_ROLES):
                yield from _named(tree, ancestor)
                break
            if ancestor <= root:
                break
        yield from self._cell(nodes[0])
        for label in self._group_for(controls):
            yield Label(text=tree.text(label), source=LabelSource.LABEL_FOR, holder=label)
        yield from self._structure(nodes)
        found = self._layout.label(nodes, "group", root)
        if found is not None:
            yield Label(text=found[1], source=LabelSource.LAYOUT, holder=found[0])
        yield Label(text=_spoken(controls[0].name), source=LabelSource.NAME)

    def _group_for(self, controls: Sequence[Control]) -> list[int]:
        """Find a label whose `for` names the group's container: frameworks give it the id that its parts count on from."""
        tree = self._tree
        for ancestor in list(tree.ancestors(controls[0].node))[:4]:
            identity = tree.attribute(ancestor, "id")
            labels = tree.labels_for.get((tree.scope[ancestor], identity), []) if identity else []
            if labels:
                return labels
        return []

    def _loose_legend(self, nodes: Sequence[int], root: int) -> Iterator[Label]:
        """Take the legend of a field set for the one field in it that has no label at all."""
        for ancestor in self._tree.ancestors(nodes[0]):
            if not self._layout.alone(nodes, ancestor):
                return
            if self._tree.nodes[ancestor].tag == "fieldset":
                yield from _named(self._tree, ancestor)
                return
            if ancestor <= root:
                return


def _named(tree: Tree, node: int) -> Iterator[Label]:
    legend = legend_of(tree, node)
    if legend is not None:
        yield Label(text=tree.text(legend), source=LabelSource.LEGEND, holder=legend)
    named = tree.referenced(node, "aria-labelledby")
    yield Label(text=" ".join(tree.text(n) for n in named), source=LabelSource.ARIA_LABELLEDBY, holder=named[0] if named else None)
    yield Label(text=tree.attribute(node, "aria-label"), source=LabelSource.ARIA_LABEL, holder=node)


def legend_of(tree: Tree, node: int) -> int | None:
    """Return the legend of a field set."""
    return next((c for c in tree.children[node] if tree.nodes[c].tag == "legend"), None)


def _clean(text: str) -> str:
    """Take stars, colons and words that only say "required" off a label."""
    text = collapse(text)
    text = _STAR.sub("", text)
    if len(text) > len("required"):
        text = re.sub(rf"[(\[]\s*(?:{REQUIRED.pattern})\s*[)\]]", "", text, flags=re.IGNORECASE)
    return collapse(_END.sub("", _STAR.sub("", text)))


def _spoken(name: str) -> str:
    """Return a control's name as words: `user[first_name]` becomes "first name"."""
    parts = [p for p in re.split(r"[\[\].]+", name) if p and not p.isdigit()]
    words = _NUMBERED.sub(" ", _CAMEL.sub(" ", parts[-1] if parts else name))
    return collapse(words).lower()


def says_required(tree: Tree, label: Label) -> bool:
    """Tell whether a label marks its field as required: a star, a class or a word."""
    if label.source in (LabelSource.NONE, LabelSource.NAME, LabelSource.TITLE):
        return False
    raw = label.raw
    if label.holder is not None and tree.nodes[label.holder].tag != TEXT and label.source is not LabelSource.ARIA_LABEL:
        raw = tree.words(label.holder, visible=False, decoration=True)
        marked = (tree.nodes[label.holder], *tree.elements(label.holder))
        if any(_is_mark(n.attributes.get("class", "")) and not n.attributes.get("hidden") for n in marked):
            return True
    if OPTIONAL.search(raw):
        return False
    return bool(re.search(r"[*＊✱]\s*:?\s*$|^\s*[*＊✱]", raw)) or bool(re.search(rf"\(\s*(?:{REQUIRED.pattern})\s*\)", raw, re.IGNORECASE))


def _is_mark(css: str) -> bool:
    return any(
        part in ("required", "is-required", "required-field") or part.endswith(("-required", "required-mark", "__required"))
        for part in css.lower().split()
    ) and ("not-required" not in css.lower())


def is_group(controls: Sequence[Control]) -> bool:
    """Tell whether a field is a group of choices rather than one control."""
    first = controls[0]
    return first.type in TICKED and (len(controls) > 1 or (first.type == "checkbox" and first.name.endswith("[]")))

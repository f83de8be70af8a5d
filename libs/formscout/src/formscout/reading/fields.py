"""One field read whole: label, choices, constraints, help, state and ways to find it."""

from collections.abc import Sequence
from typing import Final

from formscout.domain.forms import FieldReading, LabelSource
from formscout.reading import choices as choice_rules
from formscout.reading import constraints as constraint_rules
from formscout.reading.cells import Cells
from formscout.reading.controls import TICKED, Control
from formscout.reading.groups import GROUP_ROLES
from formscout.reading.labels import Label, Labels, is_group, legend_of, says_required
from formscout.reading.layout import Layout
from formscout.reading.locators import Locator
from formscout.reading.tables import Tables
from formscout.reading.tree import Tree
from formscout.reading.words import collapse

LONGEST_HELP: Final = 500
"""Characters kept of a help text."""
WRAPPER_LEVELS: Final = 2
"""How far up a class may mark a field as required."""


class FieldReader:
    """Reads the fields of one page."""

    def __init__(self, tree: Tree, tables: Tables, cells: Cells, locator: Locator, controls: Sequence[Control]) -> None:
        self.tree = tree
        self.tables = tables
        self.locator = locator
        self._occupied = sorted(n for c in controls for n in (c.node, *c.faces))
        self._layout = Layout(tree, self._occupied)
        self._labels = Labels(tree, self._layout, tables, cells)

    def read(self, controls: Sequence[Control], root: int) -> FieldReading:
        """Return the field that these controls are; `root` is the region of its form."""
        first = controls[0]
        group = is_group(controls)
        label = self._labels.of_group(controls, root) if group else self._labels.of_control(controls, root)
        spoken = [self._labels.of_choice(c, root) for c in controls] if group or first.type == "radio" else [label.text]
        choices = choice_rules.of(self.tree, controls if group or first.type == "radio" else (first,), spoken)
        node = self.tree.nodes[first.node]
        nodes = [self.tree.nodes[c.node] for c in controls]
        return FieldReading(
            node=first.node,
            nodes=tuple(c.node for c in controls),
            name=first.name,
            label=label.text,
            label_source=label.source,
            type=first.type,
            description=self._help(controls, label, root),
            placeholder=collapse(node.attributes.get("placeholder", "")) or None,
            autocomplete=node.attributes.get("autocomplete") or None,
            required=self._required(controls, label),
            visible=any(c.visible for c in controls),
            disabled=all(n.disabled for n in nodes),
            readonly=node.readonly and first.type != "combobox",
            group=self._group(controls, root, label),
            choices=choices.kept,
            choices_total=choices.total,
            choices_complete=choices.complete,
            constraints=constraint_rules.of(self.tree, first),
            locators=self.locator.of(next((f for f in first.faces if not first.visible), first.node)),
            evidence=self._evidence(controls, label),
        )

    def _required(self, controls: Sequence[Control], label: Label) -> bool:
        tree = self.tree
        first = tree.nodes[controls[0].node]
        group_of_boxes = len(controls) > 1 and controls[0].type == "checkbox"
        if not group_of_boxes and any(
            tree.nodes[n].required or tree.attribute(n, "aria-required") == "true" for c in controls for n in c.everything
        ):
            return True
        if "required" in first.attributes and not group_of_boxes:
            return True
        if says_required(tree, label):
            return True
        return self._wrapper_required(controls)

    def _wrapper_required(self, controls: Sequence[Control]) -> bool:
        mine = {n for c in controls for n in (c.node, *c.faces)}
        for level, ancestor in enumerate(self.tree.ancestors(controls[0].node)):
            inside = {n for n in self._occupied if self.tree.within(n, ancestor)}
            # A cell's class says something of the table, not of the field.
            if level > WRAPPER_LEVELS or not inside <= mine or self.tree.nodes[ancestor].tag in ("td", "th", "tr"):
                return False
            css = self.tree.attribute(ancestor, "class").lower().split()
            if "required" in css or "is-required" in css or self.tree.attribute(ancestor, "aria-required") == "true":
                return True
        return False

    def _help(self, controls: Sequence[Control], label: Label, root: int) -> str | None:
        tree = self.tree
        control = controls[0]
        described = [n for node in control.everything for n in tree.referenced(node, "aria-describedby")]
        text = " ".join(tree.text(n) for n in dict.fromkeys(described)) or tree.nodes[control.node].description or ""
        text = text or self._layout.help([n for c in controls for n in (c.node, *c.faces)], root)
        return None if collapse(text) == label.text else collapse(text)[:LONGEST_HELP] or None

    def _group(self, controls: Sequence[Control], root: int, label: Label) -> str | None:
        """Return the name of the nearest field set, named group or tab around the field, other than its own label."""
        tree = self.tree
        for ancestor in tree.ancestors(controls[0].node):
            if ancestor <= root:
                return None
            it = tree.nodes[ancestor]
            if it.tag == "fieldset" or it.attributes.get("role") in (*GROUP_ROLES, "tabpanel", "region"):
                legend = legend_of(tree, ancestor)
                named = tree.referenced(ancestor, "aria-labelledby")
                words = (
                    tree.text(legend)
                    if legend is not None
                    else " ".join(tree.text(n) for n in named) or tree.attribute(ancestor, "aria-label")
                )
                words = collapse(words)
                if words and words not in (label.raw, label.text):
                    return words
        return None

    def _evidence(self, controls: Sequence[Control], label: Label) -> tuple[str, ...]:
        first = controls[0]
        tag = self.tree.nodes[first.node].tag
        said = [f"{tag} as {first.type}"]
        if first.faces:
            said.append(f"seen as {self.tree.nodes[first.faces[0]].tag} beside it")
        if first.carrier is not None:
            said.append("its value lies in a hidden input")
        if len(controls) > 1:
            said.append(f"{len(controls)} {'controls of one group' if first.type in TICKED else 'controls of one name'}")
        if label.source is not LabelSource.NONE:
            said.append(f"label from {label.source.value}")
        return tuple(said)

"""A snapshot in, the descriptions of its forms out: pure, without a browser and without a model."""

from collections.abc import Sequence

from formscout.domain.forms import FieldDescription, FormDescription, FormReading
from formscout.domain.snapshots import Snapshot
from formscout.reading import read_forms
from formscout.reading.tree import Tree
from formscout_analysis.export.json_schema import input_schema
from formscout_analysis.export.keys import keys
from formscout_analysis.export.ui_schema import ui_schema
from formscout_analysis.extraction.conditions import Condition, conditional, conditions
from formscout_analysis.extraction.steps import steps
from formscout_analysis.inference.kinds import purpose, semantic_types


def describe(snapshot: Snapshot, roots: Sequence[int] | None = None) -> tuple[FormDescription, ...]:
    """Return the descriptions of the page's forms in document order.

    `roots` are the node ids of the regions to describe, as `read_forms` reports them; None means all.
    """
    tree = Tree(snapshot)
    readings = read_forms(snapshot, tree=tree)
    wanted = None if roots is None else frozenset(roots)
    return tuple(_describe(reading, snapshot, tree) for reading in readings if wanted is None or reading.root in wanted)


def _describe(reading: FormReading, snapshot: Snapshot, tree: Tree) -> FormDescription:
    kinds = semantic_types(reading, snapshot)
    use = purpose(reading, kinds, snapshot)
    names = keys(reading.fields)
    honeypots = frozenset(i for i, kind in enumerate(kinds) if kind.semantic_type == "honeypot")
    found = conditions(reading.fields, snapshot.deltas)
    by_step = steps(tree, reading)
    # A field of a later step waits for its step, not for a choice.
    waiting = frozenset(
        i for i in conditional(reading.fields, found) - honeypots if reading.fields[i].node not in by_step or _probed(i, found)
    )
    placed = [by_step.get(f.node) for f in reading.fields]
    return FormDescription(
        reading=reading,
        purpose=use.purpose,
        confidence=use.confidence,
        fields=tuple(
            FieldDescription(
                key=names[i],
                reading=f,
                semantic_type=kinds[i].semantic_type,
                confidence=kinds[i].confidence,
                conditional=i in waiting,
                step=placed[i],
            )
            for i, f in enumerate(reading.fields)
        ),
        input_schema=input_schema(reading, names, conditional=waiting, conditions=found, honeypots=honeypots),
        ui_schema=ui_schema(reading.fields, names, conditions=found, steps=placed),
    )


def _probed(place: int, found: Sequence[Condition]) -> bool:
    return any(place in condition.shown for condition in found)

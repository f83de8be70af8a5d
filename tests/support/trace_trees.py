"""A trace as a tree of text, for tests that say what is wrong and for the operators' paper."""

from collections.abc import Iterator, Sequence

from tests.support.otlp import Received


def path_of(span: Received, spans: Sequence[Received]) -> list[str]:
    """Return the names from a span up to the root of its trace."""
    by_id = {one.span_id: one for one in spans}
    names = [span.name]
    while (parent := by_id.get(span.parent_id or "")) is not None:
        names.append(parent.name)
        span = parent
    return names


def roots(spans: Sequence[Received]) -> list[Received]:
    """Return the spans below no other that came."""
    known = {span.span_id for span in spans}
    return [span for span in spans if span.parent_id not in known]


def render(spans: Sequence[Received], *, told: Sequence[str] = ()) -> str:
    """Return a line a span: when it began after the first, how long it took, whose it is; `told` names attributes to be shown."""
    begin = min(span.started for span in spans)
    return "\n".join(line for root in roots(spans) for line in _lines(root, spans, begin=begin, told=told, depth=0)) + "\n"


def _lines(span: Received, spans: Sequence[Received], *, begin: float, told: Sequence[str], depth: int) -> Iterator[str]:
    shown = " ".join(f"{name.rpartition('.')[2]}={span.attributes[name]}" for name in told if name in span.attributes)
    links = "".join(f" → {one[1][:6]}" for one in span.links)
    name = "  " * depth + span.name + (" ✗" if span.failed else "")
    times = f"{span.started - begin:8.2f} s {span.ended - span.started:8.3f} s"
    yield f"{times}  {span.service.removeprefix('formscout-'):<10} {name}{links}  {shown}".rstrip()
    for child in sorted((one for one in spans if one.parent_id == span.span_id), key=lambda one: one.started):
        yield from _lines(child, spans, begin=begin, told=told, depth=depth + 1)

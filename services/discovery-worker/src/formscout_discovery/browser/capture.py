"""Freezes a page as a snapshot: DOM, layout and accessibility tree of all its frames, values left out."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

from formscout.domain.snapshots import Snapshot
from formscout_discovery.browser.accessibility import Spoken, spoken_nodes
from formscout_discovery.browser.building import Builder
from formscout_discovery.browser.frozen import STYLES, FrozenDocument, storable
from formscout_discovery.browser.tree import has_shadow_roots, walk

MAX_NODES: Final = 60_000
"""A page with more nodes is not read: it would hold a slice's memory and no person reads it either."""

MAX_SPOKEN_FRAMES: Final = 40
"""Frames whose accessibility tree is asked for; a page with more shows advertisements."""


class TooManyNodesError(Exception):
    """The page has more nodes than a visit may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What the tab knows of the page that the page itself does not say."""

    width: int
    height: int
    status: int | None
    degraded: tuple[str, ...]


async def capture(session: CDPSession, facts: PageFacts) -> Snapshot:
    """Freeze the page that the session's tab shows; raise `TooManyNodesError` or the browser's own error."""
    answer = await session.send(
        "DOMSnapshot.captureSnapshot", {"computedStyles": list(STYLES), "includeDOMRects": True, "includePaintOrder": False}
    )
    strings = [storable(text) for text in answer["strings"]]
    documents = [FrozenDocument(document, strings) for document in answer["documents"]]
    if sum(len(document) for document in documents) > MAX_NODES:
        raise TooManyNodesError
    dom = None
    if has_shadow_roots(documents):
        dom = (await session.send("DOM.getDocument", {"depth": -1, "pierce": True}))["root"]
    return build(documents, await _spoken(session, documents), facts, dom=dom)


async def _spoken(session: CDPSession, documents: Sequence[FrozenDocument]) -> dict[int, Spoken]:
    """Ask for the accessibility tree of each frame; a frame that went away meanwhile has none."""
    answers = await asyncio.gather(
        *(session.send("Accessibility.getFullAXTree", {"frameId": document.frame_key}) for document in documents[:MAX_SPOKEN_FRAMES]),
        return_exceptions=True,
    )
    found: dict[int, Spoken] = {}
    for answer in answers:
        if isinstance(answer, PlaywrightError):
            continue
        if isinstance(answer, BaseException):
            raise answer
        found.update(spoken_nodes(answer["nodes"]))
    return found


# `dom` is the protocol's untyped JSON: hence Any.
def build(
    documents: Sequence[FrozenDocument], spoken: Mapping[int, Spoken], facts: PageFacts, *, dom: Mapping[str, Any] | None = None
) -> Snapshot:
    """Put documents and accessibility trees together into a snapshot; pure, but for the time."""
    builder = Builder(documents, spoken)
    for place in walk(documents, dom):
        builder.add(place)
    nodes = builder.nodes()
    top = documents[0]
    root = next((node for node in nodes if node.tag == "html" and node.frame == 0), None)
    return Snapshot(
        address=top.address,
        title=top.title,
        language=None if root is None else root.attributes.get("lang") or None,
        captured_at=datetime.now(UTC),
        width=facts.width,
        height=facts.height,
        status=facts.status,
        frames=builder.frames(),
        nodes=nodes,
        degraded=facts.degraded,
    )

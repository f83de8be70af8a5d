"""Snapshots: a page frozen as data, so that it can be read again without a browser.

All frames and shadow roots form one tree: the document of a frame hangs below its frame element, the content of a
shadow root below its host. `Snapshot.nodes` is in document order, parents before children, and a node's id is its
position. Field values are never kept: people's data stays where it is.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

SNAPSHOT_VERSION: Final = 1
"""Grows when a reader of the older form would go wrong."""

TEXT: Final = "#text"
"""The tag of a text node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in CSS pixels, counted from the upper left corner of the top document."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An element, or a text node (`tag` is `#text`, `text` its words)."""

    id: int
    parent: int | None
    tag: str  # lower case
    frame: int = 0
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)  # `value` of a field is left out, of a choice or button kept
    role: str | None = None  # Chromium's computed role
    name: str | None = None  # Chromium's computed accessible name
    description: str | None = None  # Chromium's computed accessible description
    box: Box | None = None  # None: not laid out
    visible: bool = False  # laid out, not hidden, not empty
    clickable: bool = False  # has a listener for clicks, or is a link
    pointer: bool = False  # its cursor is the pointing hand
    shadow: str | None = None  # "open" or "closed" when it hangs in its parent's shadow root
    checked: bool | None = None  # check boxes, radios, options; of Chromium's tree for ARIA widgets
    disabled: bool = False
    required: bool = False  # by attribute, ARIA or the page's own validity state
    readonly: bool = False
    expanded: bool | None = None
    has_value: bool = False  # something stood in the field; not what


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A document of the page; frame 0 is the top one."""

    id: int
    address: str
    owner: int | None = None  # the frame element's node id


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeDelta:
    """What changed on the page when a control was given a choice, nothing being sent."""

    control: int  # node id
    choice: str  # the option's value, "true" or "false" for a check box
    shown: tuple[int, ...] = ()  # node ids of fields that became visible
    hidden: tuple[int, ...] = ()
    required: tuple[int, ...] = ()
    optional: tuple[int, ...] = ()
    choices: dict[int, tuple[str, ...]] = field(default_factory=dict)  # node id of a select to its options' labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One page as it stood."""

    version: int = SNAPSHOT_VERSION
    address: str
    title: str
    language: str | None = None
    captured_at: datetime
    width: int  # viewport, CSS pixels
    height: int
    status: int | None = None
    frames: tuple[Frame, ...] = ()
    nodes: tuple[Node, ...] = ()
    deltas: tuple[ProbeDelta, ...] = ()
    degraded: tuple[str, ...] = ()  # addresses of style sheets and scripts that failed to load


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobRef:
    """Where a stored blob lies: `key` within the store, `digest` the SHA-256 (hex) of the bytes stored, checked on reading."""

    key: str
    digest: str
    size: int  # bytes as stored

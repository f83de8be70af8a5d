"""Chromium's accessibility tree, read as what a snapshot keeps of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from formscout_discovery.browser.frozen import storable

_TRISTATE = {"true": True, "mixed": True, "false": False}


@dataclass(frozen=True, slots=True)
class Spoken:
    """What assistive technology is told about one node."""

    role: str | None
    name: str | None
    description: str | None
    checked: bool | None
    expanded: bool | None
    required: bool
    disabled: bool
    readonly: bool


# The protocol's nodes are untyped JSON: hence Any.
def spoken_nodes(nodes: Iterable[Mapping[str, Any]]) -> dict[int, Spoken]:
    """Return what is told of each node, by backend node id; ignored nodes are left out."""
    return {node["backendDOMNodeId"]: _spoken(node) for node in nodes if "backendDOMNodeId" in node and not node["ignored"]}


def _spoken(node: Mapping[str, Any]) -> Spoken:
    properties = {item["name"]: item["value"].get("value") for item in node.get("properties", ())}
    role = node.get("role", {}).get("value")
    return Spoken(
        # Chromium's internal roles (LabelText, RootWebArea …) carry capitals; they are no ARIA roles and locate nothing.
        role=role if isinstance(role, str) and role.islower() and role not in ("generic", "none") else None,
        name=storable(node.get("name", {}).get("value") or "") or None,
        description=storable(node.get("description", {}).get("value") or "") or None,
        checked=_TRISTATE.get(str(properties.get("checked", properties.get("pressed", properties.get("selected")))).lower()),
        expanded=properties.get("expanded"),
        required=properties.get("required") is True,
        disabled=properties.get("disabled") is True,
        readonly=properties.get("readonly") is True,
    )

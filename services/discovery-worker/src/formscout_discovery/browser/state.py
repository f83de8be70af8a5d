"""Serialises a signed-in state: cookies and storage, the tabs' session storage too."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredState:
    """What of a browser makes a person signed in; a secret."""

    # Playwright's own format of cookies, local storage and databases, passed through unread: hence Any.
    storage: dict[str, Any] = field(default_factory=dict, repr=False)
    session_storage: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)  # by origin


def serialise(state: StoredState) -> bytes:
    """Return the state as bytes."""
    return json.dumps({"storage": state.storage, "sessionStorage": state.session_storage}).encode()


def deserialise(data: bytes) -> StoredState:
    """Return the state that was serialised."""
    content = json.loads(data)
    return StoredState(storage=content["storage"], session_storage=content["sessionStorage"])

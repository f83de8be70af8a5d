"""Navigation paths: how to reach a state again, step by step."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Locators:
    """Ways to find one element again, as far as they exist; role and label first, CSS hits exactly it."""

    role: str | None = None  # ARIA role; with `label` it is Playwright's get_by_role(role, name=label)
    label: str | None = None  # accessible name
    test_id: str | None = None  # data-testid, data-test, data-cy
    css: str | None = None  # exactly that element in its frame and root
    shadow_path: tuple[str, ...] = ()  # CSS of each shadow host, outermost first; `css` counts from the last root
    frame: tuple[str, ...] = ()  # CSS of each frame element, outermost first


class Action(StrEnum):
    """What a step does."""

    OPEN = "open"  # go to the address in `value`
    PRESS = "press"  # click the element
    HOVER = "hover"  # move the pointer over it
    CHOOSE = "choose"  # choose the option `value`


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; `expects` is the address (without query) or the heading that shows it arrived."""

    action: Action
    locators: Locators = field(default_factory=Locators)
    value: str | None = None
    expects: str | None = None


NavigationPath = tuple[Step, ...]


class VerificationStatus(StrEnum):
    """Whether a path was replayed with success."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The result of replaying a path in a fresh tab; `code` says why not (`not_replayed`, `step_failed`, `form_absent`, `timeout`)."""

    status: VerificationStatus
    code: str | None = None
    at: datetime | None = None

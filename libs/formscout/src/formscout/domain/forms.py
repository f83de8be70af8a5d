"""Forms: what a person fills in, as it was read from a page and as it is described."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from formscout.domain.ids import CompanyId, CrawlSessionId, FormId, FormPageId, NetworkId
from formscout.domain.paths import Locators, NavigationPath, Verification
from formscout.domain.snapshots import BlobRef


class LabelSource(StrEnum):
    """Where a label came from, surest first."""

    LABEL_FOR = "label-for"
    LABEL_WRAP = "label-wrap"
    ARIA_LABELLEDBY = "aria-labelledby"
    ARIA_LABEL = "aria-label"
    LEGEND = "legend"
    TABLE_HEADER = "table-header"
    LAYOUT = "layout"  # the nearest text left or above
    TITLE = "title"
    PLACEHOLDER = "placeholder"
    NAME = "name"  # made from the control's name
    NONE = "none"


class ButtonType(StrEnum):
    """What a button of a form does."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    RESET = "reset"
    BUTTON = "button"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing that can be chosen."""

    value: str
    label: str
    group: str | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """What the page itself demands of a value, as its attributes say it; None: nothing said."""

    min: str | None = None  # as written: a number, a date, a time …
    max: str | None = None
    step: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None  # raw, unanchored
    accept: str | None = None
    multiple: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldReading:
    """One field as read; check boxes and radios of one group are one field."""

    node: int  # the control's node id (the first one's of a group)
    nodes: tuple[int, ...] = ()  # all controls of a group, `node` included
    name: str = ""
    label: str = ""
    label_source: LabelSource = LabelSource.NONE
    type: str = "text"  # HTML control type or ARIA pattern
    description: str | None = None  # help text
    placeholder: str | None = None
    autocomplete: str | None = None  # the attribute, raw
    required: bool = False
    visible: bool = True
    disabled: bool = False
    readonly: bool = False
    group: str | None = None  # label of the field set or section it stands in
    choices: tuple[Choice, ...] = ()
    choices_total: int | None = None
    choices_complete: bool = True
    constraints: Constraints = field(default_factory=Constraints)
    locators: Locators = field(default_factory=Locators)
    evidence: tuple[str, ...] = ()  # why it is a field, and why this label


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonReading:
    """A button that belongs to a form."""

    node: int
    label: str
    type: ButtonType
    locators: Locators = field(default_factory=Locators)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormReading:
    """One form as read from a snapshot: discovery and analysis share this idea of where a form ends."""

    root: int  # node id of the region
    title: str = ""
    has_form_element: bool = True
    visible: bool = True  # whether a person sees any of its fields
    action: str | None = None  # absolute
    method: str = "get"
    enctype: str | None = None
    fields: tuple[FieldReading, ...] = ()
    buttons: tuple[ButtonReading, ...] = ()
    hidden: tuple[str, ...] = ()  # names of its hidden inputs
    locators: Locators = field(default_factory=Locators)
    confidence: float = 1.0  # that this is a form a person fills in
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDescription:
    """One field as described: the reading and what analysis concluded."""

    key: str  # the property of `FormDescription.input_schema`; ^[a-zA-Z0-9_-]{1,64}$
    reading: FieldReading
    semantic_type: str
    confidence: float
    decided_by: str = "rule"  # rule, model or llm
    conditional: bool = False  # not shown at first
    step: str | None = None  # the wizard step it stands in


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDescription:
    """One form as described."""

    reading: FormReading
    purpose: str
    confidence: float
    fields: tuple[FieldDescription, ...]
    input_schema: dict[str, Any]  # JSON Schema 2020-12
    ui_schema: dict[str, Any] = field(default_factory=dict)  # JSON Forms dialect


class FormPageState(StrEnum):
    """Where the description of a form page stands."""

    PENDING = "pending"  # found, not yet described
    DESCRIBED = "described"
    FAILED = "failed"  # `error_code` says why; the session does not wait for it


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """A state of the application in which a form was first met."""

    id: FormPageId
    session_id: CrawlSessionId
    company_id: CompanyId
    network_id: NetworkId
    address: str
    title: str
    path: NavigationPath
    verification: Verification
    snapshot: BlobRef
    screenshot: BlobRef | None
    state: FormPageState
    error_code: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewForm:
    """A form met for the first time in a session; `fingerprint` is the same in every session of its network."""

    fingerprint: str
    root: int  # node id of its region in the page's snapshot
    address: str
    address_template: str
    title: str
    signature: tuple[str, ...]  # what folding compares: sorted field identities


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFormPage:
    """A form page to be written together with its forms and the job that will describe it."""

    address: str
    title: str
    path: NavigationPath
    verification: Verification
    snapshot: BlobRef
    screenshot: BlobRef | None
    forms: tuple[NewForm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSighting:
    """A known form met again at another address."""

    fingerprint: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownForm:
    """What folding needs to know of a form that the session has."""

    fingerprint: str
    address_template: str
    signature: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a visit is to write of forms: pages with new ones, and known ones that it met again."""

    form_pages: Sequence[NewFormPage]
    sightings: Sequence[FormSighting]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of a session, as kept; `description` is None until analysis has written it."""

    id: FormId
    form_page_id: FormPageId
    fingerprint: str
    root: int
    address: str
    addresses: tuple[str, ...]  # a sample of further places
    address_template: str
    instances: int
    title: str
    description: FormDescription | None

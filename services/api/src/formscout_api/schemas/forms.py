"""Bodies of form pages, forms and the inventory."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import ConfigDict, Field

from formscout.domain.forms import Form, FormPage, FormPageState
from formscout.domain.paths import Action, Step, VerificationStatus
from formscout.reading.documents import form_document
from formscout_api.schemas.shapes import View


class LocatorsOut(View):
    """Ways to find an element again, as far as they exist."""

    role: str | None
    label: str | None
    test_id: str | None
    css: str | None
    shadow_path: tuple[str, ...]
    frame: tuple[str, ...]


class StepOut(View):
    """A step of the way to a form page."""

    action: Action
    locators: LocatorsOut
    value: str | None
    expects: str | None

    @classmethod
    def of(cls, step: Step) -> Self:
        """Shape a step."""
        return cls.model_validate(step)


class VerificationOut(View):
    """Whether the way was walked again with success; `code` says why not."""

    status: VerificationStatus
    code: str | None
    at: datetime | None


class FormPageOut(View):
    """A state of the application in which forms were first met."""

    id: int
    session_id: int
    network_id: int
    address: str
    title: str
    state: FormPageState
    error_code: str | None
    path: list[StepOut]
    verified: VerificationOut
    screenshot_url: str | None
    created_at: datetime

    @classmethod
    def of(cls, page: FormPage) -> Self:
        """Shape a form page."""
        return cls(**page_fields(page))


class FormOut(View):
    """A form of a session."""

    id: int
    form_page_id: int
    key: str = Field(description="The same in every session of the network.")
    title: str
    purpose: str | None = Field(description="Null until it is described.")
    address: str
    address_template: str
    addresses: tuple[str, ...] = Field(description="A sample of further places.")
    instances: int
    description: dict[str, Any] | None = Field(description="As in the inventory; null until it is described.")  # Any: a document

    @classmethod
    def of(cls, form: Form) -> Self:
        """Shape a form with all that is known of it."""
        described = form.description
        return cls(
            id=form.id,
            form_page_id=form.form_page_id,
            key=form.fingerprint,
            title=form.title,
            purpose=None if described is None else described.purpose,
            address=form.address,
            address_template=form.address_template,
            addresses=form.addresses,
            instances=form.instances,
            description=None if described is None else form_document(described, detail="full"),
        )


class DescribedPageOut(FormPageOut):
    """A form page with the forms first met on it."""

    forms: list[FormOut]

    @classmethod
    def with_forms(cls, page: FormPage, forms: Sequence[Form]) -> Self:
        """Shape a form page and its forms."""
        return cls(**page_fields(page), forms=[FormOut.of(form) for form in forms])


class InventoryOut(View):
    """All that a session found; the inventory's own JSON Schema says it in full."""

    model_config = ConfigDict(extra="allow")

    schemaVersion: str  # noqa: N815 (the document's own spelling)
    formscout: str
    session: dict[str, Any]  # Any: documents
    pages: list[dict[str, Any]]
    forms: list[dict[str, Any]]


def page_fields(page: FormPage) -> dict[str, Any]:  # Any: the fields of FormPageOut by name
    """Return a form page's fields as they are shown."""
    return {
        "id": page.id,
        "session_id": page.session_id,
        "network_id": page.network_id,
        "address": page.address,
        "title": page.title,
        "state": page.state,
        "error_code": page.error_code,
        "path": [StepOut.of(step) for step in page.path],
        "verified": VerificationOut.model_validate(page.verification),
        "screenshot_url": None if page.screenshot is None else f"/api/form-pages/{page.id}/screenshot",
        "created_at": page.created_at,
    }

"""What all bodies share: strict shapes, ids, names, pages of a list and problems."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[int, Field(strict=True, ge=1, le=2**63 - 1, examples=[1])]
"""An id in a body; a string of digits is none."""

PathId = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""An id in an address or a query."""

Name = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A name for people: one line, no control characters."""


class Body(BaseModel):
    """A request's body: a field that is not known is refused, for it would be lost silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """A response's body, made from a domain value of the same field names."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


Item = TypeVar("Item")


class Page(View, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    next_cursor: str | None = Field(description="Send it as `cursor` for what follows; null at the end.")


class FieldError(View):
    """What is wrong with one field."""

    field: str
    detail: str


class Problem(View):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["urn:formscout:problem:not_found"], description="Stable; tells kinds of problems apart.")
    title: str
    status: int
    detail: str = Field(description="What happened and what to do.")
    errors: list[FieldError] | None = None

"""Bodies of projects."""

from datetime import datetime

from pydantic import Field

from formscout_api.schemas.shapes import Body, Id, Name, View


class ProjectIn(Body):
    """A project to make."""

    name: Name = Field(examples=["Web shop"])
    company_id: Id | None = Field(default=None, description="Your own company when left out; an operator has to say.")


class ProjectPatch(Body):
    """A project's new name."""

    name: Name


class ProjectOut(View):
    """A project."""

    id: int
    company_id: int
    name: str
    created_at: datetime

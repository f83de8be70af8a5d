"""Projects: what a company groups its applications under test by."""

from dataclasses import dataclass
from datetime import datetime

from formscout.domain.ids import CompanyId, ProjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A group of networks of one company."""

    id: ProjectId
    company_id: CompanyId
    name: str
    created_at: datetime

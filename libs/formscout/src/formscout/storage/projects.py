"""The store of projects."""

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.ids import CompanyId, ProjectId
from formscout.domain.projects import Project
from formscout.tables.projects import project

_COLUMNS = tuple(column for column in project.c if column.name != "deleted_at")


class ProjectStore:
    """Projects on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, company_id: CompanyId, name: str) -> Project:
        """Write a project."""
        statement = insert(project).values(company_id=company_id, name=name).returning(*_COLUMNS)
        return Project(**(await self._connection.execute(statement)).mappings().one())

    async def find(self, project_id: ProjectId) -> Project | None:
        """Return the project of any company, or None; one that is deleted is not there."""
        statement = select(*_COLUMNS).where(project.c.id == project_id, project.c.deleted_at.is_(None))
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        return None if row is None else Project(**row)

    async def page(self, company_id: CompanyId, *, after: int, limit: int) -> list[Project]:
        """Return up to `limit` projects of a company with ids above `after`, in order of id."""
        listed = (project.c.company_id == company_id) & (project.c.id > after) & project.c.deleted_at.is_(None)
        statement = select(*_COLUMNS).where(listed).order_by(project.c.id).limit(limit)
        return [Project(**row) for row in (await self._connection.execute(statement)).mappings()]

    async def rename(self, project_id: ProjectId, name: str) -> Project:
        """Change a project's name; the project exists."""
        statement = update(project).where(project.c.id == project_id).values(name=name).returning(*_COLUMNS)
        return Project(**(await self._connection.execute(statement)).mappings().one())

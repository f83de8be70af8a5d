"""What may be done with projects."""

from formscout.domain.companies import Caller
from formscout.domain.errors import NotFoundError
from formscout.domain.ids import CompanyId, ProjectId
from formscout.domain.projects import Project
from formscout.storage.database import Database
from formscout.usecases.companies import require_manager, visible_company
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work


async def create_project(database: Database, caller: Caller, *, company_id: CompanyId, name: str) -> Project:
    """Make a project of a company."""
    async with unit_of_work(database) as work:
        await visible_company(work, caller, company_id)
        require_manager(caller, "make projects")
        return await work.projects.add(company_id, name)


async def list_projects(database: Database, caller: Caller, *, company_id: CompanyId, after: int, limit: int) -> list[Project]:
    """Return a company's projects in order of id."""
    async with unit_of_work(database) as work:
        await visible_company(work, caller, company_id)
        return await work.projects.page(company_id, after=after, limit=limit)


async def get_project(database: Database, caller: Caller, *, project_id: ProjectId) -> Project:
    """Return a project that the caller sees."""
    async with unit_of_work(database) as work:
        return await visible_project(work, caller, project_id)


async def rename_project(database: Database, caller: Caller, *, project_id: ProjectId, name: str) -> Project:
    """Change a project's name."""
    async with unit_of_work(database) as work:
        await visible_project(work, caller, project_id)
        require_manager(caller, "rename projects")
        return await work.projects.rename(project_id, name)


async def visible_project(work: UnitOfWork, caller: Caller, project_id: ProjectId) -> Project:
    """Return the project if the caller sees it, else raise `NotFoundError`."""
    project = await work.projects.find(project_id)
    if project is None or not caller.may_see(project.company_id):
        raise NotFoundError("project", project_id)
    return project

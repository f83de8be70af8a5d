"""Registers the demo application: a company, its project and its network, with the ids of the documentation's examples."""

from dataclasses import dataclass
from typing import Final

from formscout.domain.companies import Caller, Role
from formscout.domain.ids import CompanyId, NetworkId, ProductId, ProjectId, UserId
from formscout.domain.networks import Credentials, Environment, Network, Scope, SignIn, SignInKind
from formscout.local.services import Layout
from formscout.security.encryption import KeyRing
from formscout.storage.database import Database
from formscout.usecases import companies, networks, projects

NAME: Final = "Harbour Goods"
PRODUCT: Final = "Form discovery"

USERNAME: Final = "demo@example.com"
PASSWORD: Final = "demo-password"  # noqa: S105 (the demo's own, printed in its README)

_PAGE: Final = 200  # rows looked through; an installation on a laptop has a handful


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What to name in a request for a discovery."""

    project_id: ProjectId
    network_id: NetworkId
    user_id: UserId
    company_id: CompanyId
    product_id: ProductId


async def register_demo(layout: Layout, api_key: str) -> Registration:
    """Make what is missing for a discovery of the demo application.

    On a new database these are project 1, network 1, user 3, company 1, product 1.
    """
    assert layout.demo_url is not None, "the demo application runs"
    database = Database.connect(layout.database_url, pool_size=1)
    try:
        operator = await companies.authenticate(database, api_key)
        company_id = await _company(database, operator)
        user_id = await _user(database, operator, company_id)
        product_id = await _product(database, operator, company_id)
        known = await projects.list_projects(database, operator, company_id=company_id, after=0, limit=_PAGE)
        project = known[0] if known else await projects.create_project(database, operator, company_id=company_id, name=NAME)
        network = await _network(database, operator, KeyRing.parse(layout.encryption_keys), project.id, layout.demo_url)
    finally:
        await database.close()
    return Registration(project_id=project.id, network_id=network.id, user_id=user_id, company_id=company_id, product_id=product_id)


async def _company(database: Database, operator: Caller) -> CompanyId:
    known = await companies.list_companies(database, operator, after=0, limit=_PAGE)
    found = next((company for company in known if company.name == NAME), None)
    return (found or await companies.create_company(database, operator, name=NAME)).id


async def _user(database: Database, operator: Caller, company_id: CompanyId) -> UserId:
    """Return the member who discovers; user 1 is the operator, user 2 the company's admin."""
    known = await companies.list_users(database, operator, company_id=company_id, after=0, limit=_PAGE)
    users = {user.role: user for user in known}
    for role, email in ((Role.ADMIN, "admin@example.com"), (Role.MEMBER, "robot@example.com")):
        if role not in users:
            users[role] = await companies.create_user(database, operator, company_id=company_id, email=email, role=role)
    return users[Role.MEMBER].id


async def _product(database: Database, operator: Caller, company_id: CompanyId) -> ProductId:
    subscribed = await companies.list_subscriptions(database, operator, company_id=company_id, after=0, limit=_PAGE)
    if subscribed:
        return subscribed[0].product_id
    known = await companies.list_products(database, operator, after=0, limit=_PAGE)
    product = known[0] if known else await companies.create_product(database, operator, name=PRODUCT)
    await companies.create_subscription(database, operator, company_id=company_id, product_id=product.id, monthly_limit=0)
    return product.id


async def _network(database: Database, operator: Caller, keys: KeyRing, project_id: ProjectId, url: str) -> Network:
    credentials = Credentials(password=PASSWORD)
    project = await projects.get_project(database, operator, project_id=project_id)
    known = await networks.list_networks(database, operator, company_id=project.company_id, project_id=project_id, after=0, limit=_PAGE)
    found = next((network for network in known if network.name == NAME), None)
    if found is None:
        draft = networks.NetworkDraft(
            name=NAME,
            base_url=url,
            environment=Environment.TEST,
            scope=Scope(allow_private=True),  # it listens on the loopback
            sign_in=SignIn(kind=SignInKind.PASSWORD, username=USERNAME),
        )
        return await networks.create_network(database, operator, keys=keys, project_id=project_id, draft=draft, credentials=credentials)
    # It may listen elsewhere this time.
    changes = networks.NetworkChanges(base_url=url)
    return await networks.change_network(database, operator, keys=keys, network_id=found.id, changes=changes, credentials=credentials)

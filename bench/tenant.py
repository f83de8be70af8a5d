"""A company with a network to discover, made by the use cases that make real ones, and databases for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.stores import Stores

from formscout.domain.companies import Caller, Role
from formscout.domain.networks import Credentials
from formscout.security.encryption import KeyRing
from formscout.storage.database import Database
from formscout.usecases import companies, networks, projects


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Who asks, with which key, and the ids of what is asked for."""

    caller: Caller
    key: str
    ids: dict[str, int]
    networks: Sequence[int]  # all of them; `ids` names the first


async def create_database(at: Stores, name: str) -> str:
    """Make an empty database and return its address."""
    server = Database.connect(at.postgres, pool_size=1)
    async with server.look() as connection:
        await connection.exec_driver_sql(f"CREATE DATABASE {name}")
    await server.close()
    head, query = at.postgres.split("?", 1)
    return f"{head.rsplit('/', 1)[0]}/{name}?{query}"


async def make_tenant(
    database: Database, keys: KeyRing, draft: networks.NetworkDraft, credentials: Credentials | None = None, *, count: int = 1
) -> Tenant:
    """Make a company with everything, and so many networks."""
    operator = await companies.authenticate(database, await companies.bootstrap_operator(database, "operator@example.com"))
    company = await companies.create_company(database, operator, name="Bench")
    product = await companies.create_product(database, operator, name="Discovery")
    await companies.create_subscription(database, operator, company_id=company.id, product_id=product.id, monthly_limit=0)
    user = await companies.create_user(database, operator, company_id=company.id, email="user@example.com", role=Role.MEMBER)
    _, key = await companies.create_key(database, operator, user_id=user.id, label="bench")
    project = await projects.create_project(database, operator, company_id=company.id, name="Shop")
    made = [
        await networks.create_network(database, operator, keys=keys, project_id=project.id, draft=draft, credentials=credentials)
        for _ in range(count)
    ]
    ids: dict[str, int] = {
        "project_id": project.id,
        "network_id": made[0].id,
        "user_id": user.id,
        "company_id": company.id,
        "product_id": product.id,
    }
    return Tenant(caller=operator, key=key, ids=ids, networks=[network.id for network in made])

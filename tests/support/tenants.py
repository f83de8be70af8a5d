"""Tenants for tests: a company with all that a discovery needs, made by the use cases that make real ones."""

from dataclasses import dataclass

from formscout.domain.companies import Caller, Company, Product, Role, Subscription, User
from formscout.domain.networks import Network
from formscout.domain.projects import Project
from formscout.security.encryption import KeyRing, make_key_entry
from formscout.storage.database import Database
from formscout.usecases import companies, networks, projects

KEY_ENTRY = make_key_entry("test")
"""The encryption key of a test run, as the settings write it."""

KEYS = KeyRing.parse(KEY_ENTRY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A company with a user of each role, their keys, and a network that can be crawled."""

    company: Company
    product: Product
    subscription: Subscription
    admin: User
    member: User
    admin_key: str
    member_key: str
    project: Project
    network: Network

    @property
    def caller(self) -> Caller:
        """The admin, as the use cases know it."""
        return Caller(user_id=self.admin.id, company_id=self.company.id, role=Role.ADMIN)

    @property
    def discovery(self) -> dict[str, object]:
        """The body that asks for a discovery of the network."""
        return {
            "project_id": self.project.id,
            "network_id": self.network.id,
            "user_id": self.member.id,
            "company_id": self.company.id,
            "product_id": self.product.id,
        }


async def make_operator(database: Database) -> tuple[str, Caller]:
    """Return an operator's key and the operator; the first one of the database, or one more key of it."""
    secret = await companies.bootstrap_operator(database, "operator@example.com", again=True)
    return secret, await companies.authenticate(database, secret)


async def make_tenant(database: Database, name: str, *, base_url: str = "https://app.example.com/") -> Tenant:
    """Make a company named so, with everything."""
    _, operator = await make_operator(database)
    company = await companies.create_company(database, operator, name=name)
    product = await companies.create_product(database, operator, name=f"Discovery for {name}")
    subscription = await companies.create_subscription(
        database,
        operator,
        company_id=company.id,
        product_id=product.id,
        monthly_limit=5_000_000,
    )
    admin = await companies.create_user(database, operator, company_id=company.id, email="admin@example.com", role=Role.ADMIN)
    member = await companies.create_user(database, operator, company_id=company.id, email="member@example.com", role=Role.MEMBER)
    _, admin_key = await companies.create_key(database, operator, user_id=admin.id, label="admin")
    _, member_key = await companies.create_key(database, operator, user_id=member.id, label="member")
    project = await projects.create_project(database, operator, company_id=company.id, name=f"{name}'s shop")
    draft = networks.NetworkDraft(name="Staging", base_url=base_url)
    network = await networks.create_network(database, operator, keys=KEYS, project_id=project.id, draft=draft)
    return Tenant(
        company=company,
        product=product,
        subscription=subscription,
        admin=admin,
        member=member,
        admin_key=admin_key,
        member_key=member_key,
        project=project,
        network=network,
    )

"""The unit of work: one transaction, and every store on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from formscout.storage.budgets import BudgetStore
from formscout.storage.companies import CompanyStore
from formscout.storage.crawls import CrawlStore
from formscout.storage.database import Connection, Database
from formscout.storage.deletion import DeletionStore
from formscout.storage.deliveries import DeliveryStore
from formscout.storage.forms import FormStore
from formscout.storage.frontier import FrontierStore
from formscout.storage.idempotency import IdempotencyStore
from formscout.storage.jobs import JobStore
from formscout.storage.ledger import LedgerStore
from formscout.storage.model_keys import ModelKeyStore
from formscout.storage.networks import NetworkStore
from formscout.storage.projects import ProjectStore
from formscout.storage.retention import RetentionStore
from formscout.storage.schedules import ScheduleStore
from formscout.storage.webhooks import WebhookStore


class UnitOfWork:
    """The stores on one open transaction; all of it is written, or nothing."""

    def __init__(self, connection: Connection) -> None:
        self.companies = CompanyStore(connection)
        self.projects = ProjectStore(connection)
        self.networks = NetworkStore(connection)
        self.schedules = ScheduleStore(connection)
        self.crawls = CrawlStore(connection)
        self.frontier = FrontierStore(connection)
        self.forms = FormStore(connection)
        self.jobs = JobStore(connection)
        self.deletion = DeletionStore(connection)
        self.retention = RetentionStore(connection)
        self.budgets = BudgetStore(connection)
        self.ledger = LedgerStore(connection)
        self.model_keys = ModelKeyStore(connection)
        self.idempotency = IdempotencyStore(connection)
        self.webhooks = WebhookStore(connection)
        self.deliveries = DeliveryStore(connection)


@asynccontextmanager
async def unit_of_work(database: Database) -> AsyncIterator[UnitOfWork]:
    """Open a transaction: committed at the end, rolled back when anything is raised."""
    async with database.begin() as connection:
        yield UnitOfWork(connection)

"""The SQLAlchemy tables, one module a noun; importing this package fills `base.metadata`."""

from formscout.tables import budgets, companies, crawls, forms, idempotency, jobs, networks, pages, projects, schedules, snapshots, webhooks
from formscout.tables.base import metadata

__all__ = [
    "budgets",
    "companies",
    "crawls",
    "forms",
    "idempotency",
    "jobs",
    "metadata",
    "networks",
    "pages",
    "projects",
    "schedules",
    "snapshots",
    "webhooks",
]

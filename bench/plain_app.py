"""The plain way to accept jobs and report on them, that ours is measured against: as the tutorials of FastAPI and Celery have it.

One row by sync SQLAlchemy, `.delay()` inside the request, the status from Celery's result backend. It knows no keys, no tenants, no
idempotency, and loses the job when the process dies between its two writes: all of that is left out in its favour.
"""

import os
from typing import Any

from celery import Celery
from celery.result import AsyncResult
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import BigInteger, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

REDIS = os.environ["REDIS_URL"]

engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1))
SessionLocal = sessionmaker(engine)
celery = Celery("plain", broker=REDIS, backend=REDIS)
app = FastAPI()


class Base(DeclarativeBase):
    """The tables' base."""


class CrawlSession(Base):
    """A request for a discovery."""

    __tablename__ = "crawl_session"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    project_id: Mapped[int] = mapped_column(BigInteger)
    network_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)
    company_id: Mapped[int] = mapped_column(BigInteger)
    product_id: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(20), default="queued")
    task_id: Mapped[str | None] = mapped_column(String(36))


Base.metadata.create_all(engine)


class DiscoverIn(BaseModel):
    """What is asked for."""

    project_id: int
    network_id: int
    user_id: int
    company_id: int
    product_id: int


class DiscoverOut(BaseModel):
    """How it was accepted."""

    session_id: int
    task_id: str
    status: str
    message: str


class StatusOut(BaseModel):
    """How it stands."""

    task_id: str
    state: str
    progress: int
    status: str
    result: dict[str, Any] | None


@celery.task(name="discover_form_pages_task")  # type: ignore[untyped-decorator] # Celery has no types
def discover_form_pages_task(session_id: int, company_id: int) -> None:
    """Nobody works here: accepting and reporting alone are measured."""


@app.post("/api/crawl/discover-forms", status_code=202)
def discover_forms(body: DiscoverIn) -> DiscoverOut:
    """Accept a discovery."""
    with SessionLocal() as session:
        row = CrawlSession(**body.model_dump())
        session.add(row)
        session.commit()
        task = discover_form_pages_task.delay(row.id, row.company_id)
        row.task_id = task.id
        session.commit()
        return DiscoverOut(session_id=row.id, task_id=task.id, status="queued", message="Form discovery started")


@app.get("/api/crawl/status/{task_id}")
def get_status(task_id: str) -> StatusOut:
    """Report how a discovery stands."""
    result = AsyncResult(task_id, app=celery)
    info = result.info if isinstance(result.info, dict) else {}
    return StatusOut(
        task_id=task_id,
        state=result.state,
        progress=info.get("progress", 0),
        status=info.get("status", ""),
        result=info.get("result"),
    )


@app.post("/bench/progress/{task_id}")
def set_progress(task_id: str) -> None:
    """Do what a worker's `update_state` does, so that there is something to report."""
    state = {"progress": 42, "status": "Visiting pages…"}
    celery.backend.store_result(task_id, state, "PROGRESS")

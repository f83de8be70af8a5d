"""Tables of jobs, their crashes, whose turn it is, leadership and the clock's due rows."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, false, func, text

from formscout.tables.base import created_at, identity, metadata, moment

job: Final = Table(
    "job",
    metadata,
    identity(),
    Column("kind", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("company_id", BigInteger, ForeignKey("company.id", ondelete="CASCADE")),
    Column("session_id", BigInteger, ForeignKey("crawl_session.id", ondelete="CASCADE")),
    Column("form_page_id", BigInteger, ForeignKey("form_page.id", ondelete="CASCADE")),
    Column("subscription_id", BigInteger, ForeignKey("subscription.id", ondelete="CASCADE")),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("cancel_requested", Boolean, nullable=False, server_default=false()),
    moment("lease_until"),
    moment("heartbeat_at"),
    Column("worker", Text),
    Column("error_code", Text),
    Column("error", Text),
    Column("trace_parent", Text),  # W3C trace context of the span below which its runs go
    Column("trace_link", Text),  # that of the span which wrote the row, where it is another one
    created_at(),
    Column("available_at", created_at().type, nullable=False, server_default=func.now()),
    moment("started_at"),
    moment("ended_at"),
    # By company first: a claim steps from company to company, whatever waits behind each one's oldest job.
    Index("ix_job_runnable", "queue", text("coalesce(company_id, 0)"), "available_at", "id", postgresql_where=text("state = 'queued'")),
    Index("ix_job_leased", "lease_until", postgresql_where=text("state = 'running'")),
    Index("ix_job_in_hand", "queue", "company_id", postgresql_where=text("state = 'running'")),
    Index("ix_job_ended", "queue", "ended_at", postgresql_where=text("started_at IS NOT NULL")),
    Index("ix_job_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),  # for its ageing
    Index("ix_job_session_id", "session_id"),
    Index("ix_job_form_page_id", "form_page_id"),
)

job_crash: Final = Table(
    "job_crash",
    metadata,
    identity(),
    Column("job_id", BigInteger, ForeignKey("job.id", ondelete="CASCADE"), nullable=False, index=True),
    moment("at", nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("worker", Text),
    moment("heartbeat_at"),
    Column("error", Text),
)

queue_turn: Final = Table(
    "queue_turn",
    metadata,
    Column("queue", Text, nullable=False),
    Column("company_id", BigInteger, ForeignKey("company.id", ondelete="CASCADE")),  # null: the installation's own work
    Column("place", Double, nullable=False),  # in turns: grows by 1 / weight with each claim, so that the least served come first
    Index("uq_queue_turn", "queue", text("coalesce(company_id, 0)"), unique=True),
)

leadership: Final = Table(
    "leadership",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("fence", Integer, nullable=False),
    moment("until", nullable=False),
)

due: Final = Table(
    "due",
    metadata,
    identity(),
    Column("schedule", Text, nullable=False),
    moment("due_at", nullable=False),
    moment("done_at"),
    Index("ix_due_due_at", "due_at"),  # for its ageing
    UniqueConstraint("schedule", "due_at"),  # a second beat, or a tick caught up twice, writes nothing
)

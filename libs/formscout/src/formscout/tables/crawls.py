"""Tables of crawl sessions, their events and what the request judge said."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from formscout.tables.base import created_at, identity, metadata, moment

crawl_session: Final = Table(
    "crawl_session",
    metadata,
    identity(),
    Column("task_id", Uuid, nullable=False, unique=True),
    Column("company_id", BigInteger, ForeignKey("company.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("project_id", BigInteger, ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("network_id", BigInteger, ForeignKey("network.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("user_id", BigInteger, ForeignKey("user_account.id"), nullable=False),
    Column("product_id", BigInteger, ForeignKey("product.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("options", JSONB, nullable=False),
    Column("progress", Integer, nullable=False, server_default="0"),
    Column("sentence", Text, nullable=False),
    Column("pages_found", Integer, nullable=False, server_default="0"),
    Column("forms_found", Integer, nullable=False, server_default="0"),
    Column("visits", Integer, nullable=False, server_default="0"),
    Column("clicks", Integer, nullable=False, server_default="0"),
    Column("pages_known", Integer, nullable=False, server_default="0"),
    Column("pages_open", Integer, nullable=False, server_default="0"),  # waiting or leased
    Column("form_pages_open", Integer, nullable=False, server_default="0"),  # pending
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("cancel_requested", Boolean, nullable=False, server_default=false()),
    Column("stopped_because", Text),
    Column("failure_code", Text),
    Column("failure_message", Text),
    Column("last_event", Integer, nullable=False, server_default="0"),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Column("has_events", Boolean, nullable=False, server_default=true()),  # false: all but the last aged out
    Column("has_snapshots", Boolean, nullable=False, server_default=true()),  # false: they aged out, and the screenshots
    created_at(),
    moment("started_at"),
    moment("ended_at"),
    moment("heartbeat_at"),
    CheckConstraint("progress BETWEEN 0 AND 100", name="progress_is_percent"),
    Index("ix_crawl_session_started_at", "started_at", postgresql_where=text("started_at IS NOT NULL")),  # for the figures of what began
    Index("ix_crawl_session_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    Index("ix_crawl_session_has_events", "ended_at", postgresql_where=text("ended_at IS NOT NULL AND has_events")),
    Index("ix_crawl_session_has_snapshots", "ended_at", postgresql_where=text("ended_at IS NOT NULL AND has_snapshots")),
    # One running session a network, unless one is forced beside it.
    Index("ix_crawl_session_live", "network_id", postgresql_where=text("state IN ('queued', 'running')")),
)

crawl_browser_state: Final = Table(
    "crawl_browser_state",
    metadata,
    Column("session_id", BigInteger, ForeignKey("crawl_session.id", ondelete="CASCADE"), primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    moment("changed_at", nullable=False),
)

session_event: Final = Table(
    "session_event",
    metadata,
    Column("session_id", BigInteger, ForeignKey("crawl_session.id", ondelete="CASCADE"), primary_key=True),
    Column("sequence", Integer, primary_key=True),  # taken under the session's row, so none is skipped
    created_at(),
    Column("kind", Text, nullable=False),
    Column("data", JSONB, nullable=False),
)

judged_request: Final = Table(
    "judged_request",
    metadata,
    Column("session_id", BigInteger, ForeignKey("crawl_session.id", ondelete="CASCADE"), primary_key=True),
    Column("verdict", Text, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)

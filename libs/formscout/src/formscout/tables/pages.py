"""Tables of the frontier and of visits."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from formscout.tables.base import created_at, identity, metadata, moment

frontier_page: Final = Table(
    "frontier_page",
    metadata,
    identity(),
    Column("session_id", BigInteger, ForeignKey("crawl_session.id", ondelete="CASCADE"), nullable=False),
    Column("key_digest", Text, nullable=False),  # SHA-256 of the key: addresses are longer than an index entry may be
    Column("key", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("path", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("skip_reason", Text),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # The slice that visits it: the page's lease holds exactly as long as that job's does, so it needs no clock of its own.
    Column("holder_job", BigInteger),
    Column("holder_fence", Integer),
    created_at(),
    UniqueConstraint("session_id", "key_digest"),
    Index("ix_frontier_page_next", "session_id", "priority", "depth", "id", postgresql_where=text("state = 'waiting'")),
    Index("ix_frontier_page_leased", "session_id", postgresql_where=text("state = 'leased'")),
)

visit: Final = Table(
    "visit",
    metadata,
    identity(),
    Column("session_id", BigInteger, ForeignKey("crawl_session.id", ondelete="CASCADE"), nullable=False),
    Column("page_id", BigInteger, ForeignKey("frontier_page.id", ondelete="CASCADE"), nullable=False),
    Column("template", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Integer),
    Column("clicks", Integer, nullable=False),
    Column("form_pages", Integer, nullable=False),  # not known before
    Column("fingerprint", Text),
    moment("started_at", nullable=False),
    moment("ended_at", nullable=False),
    Index("ix_visit_template", "session_id", "template"),
    UniqueConstraint("page_id"),  # a page is visited to its end once
)

"""Tables of form pages, forms and fields."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from formscout.tables.base import created_at, identity, metadata, moment

form_page: Final = Table(
    "form_page",
    metadata,
    identity(),
    Column("session_id", BigInteger, ForeignKey("crawl_session.id", ondelete="CASCADE"), nullable=False),
    Column("company_id", BigInteger, ForeignKey("company.id", ondelete="CASCADE"), nullable=False),
    Column("network_id", BigInteger, ForeignKey("network.id", ondelete="CASCADE"), nullable=False),
    Column("address", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("path", JSONB, nullable=False),
    Column("verification_status", Text, nullable=False),
    Column("verification_code", Text),
    moment("verified_at"),
    Column("snapshot", JSONB, nullable=False),  # a BlobRef
    Column("screenshot", JSONB),
    Column("state", Text, nullable=False),
    Column("error_code", Text),
    created_at(),
    Index("ix_form_page_session_id", "session_id", "id"),
    Index("ix_form_page_network_id", "network_id"),  # for its deletion
)

form: Final = Table(
    "form",
    metadata,
    identity(),
    Column("session_id", BigInteger, ForeignKey("crawl_session.id", ondelete="CASCADE"), nullable=False),
    Column("form_page_id", BigInteger, ForeignKey("form_page.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("fingerprint", Text, nullable=False),
    Column("root", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("addresses", ARRAY(Text), nullable=False, server_default="{}"),
    Column("address_template", Text, nullable=False),
    Column("instances", Integer, nullable=False, server_default="1"),
    Column("title", Text, nullable=False),
    Column("signature", ARRAY(Text), nullable=False),
    Column("purpose", Text),
    Column("confidence", Float),
    Column("description", JSONB),
    UniqueConstraint("session_id", "fingerprint"),
)

field: Final = Table(
    "field",
    metadata,
    Column("form_id", BigInteger, ForeignKey("form.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("semantic_type", Text, nullable=False),
    Column("required", Boolean, nullable=False),
)

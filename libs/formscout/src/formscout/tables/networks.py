"""Tables of networks and their encrypted credentials."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from formscout.tables.base import created_at, deleted_at, deleted_index, identity, metadata, moment

network: Final = Table(
    "network",
    metadata,
    identity(),
    Column("company_id", BigInteger, ForeignKey("company.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("project_id", BigInteger, ForeignKey("project.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("base_url", Text),
    Column("environment", Text, nullable=False),
    Column("scope", JSONB, nullable=False),
    Column("politeness", JSONB, nullable=False),
    Column("sign_in", JSONB, nullable=False),  # no secret in it
    created_at(),
    deleted_at(),
    deleted_index("network"),
)

network_credentials: Final = Table(
    "network_credentials",
    metadata,
    Column("network_id", BigInteger, ForeignKey("network.id", ondelete="CASCADE"), primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    moment("changed_at", nullable=False),
)

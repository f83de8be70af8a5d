"""Tables of companies, products, subscriptions, users and their keys."""

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
    UniqueConstraint,
    true,
)

from formscout.tables.base import created_at, deleted_at, deleted_index, identity, metadata, moment

company: Final = Table(
    "company",
    metadata,
    identity(),
    Column("name", Text, nullable=False),
    Column("weight", Integer, nullable=False, server_default="1"),
    Column("max_running", Integer),  # jobs at once on each queue; null: as the installation is set
    created_at(),
    deleted_at(),
    CheckConstraint("weight > 0", name="weight_positive"),
    CheckConstraint("max_running > 0", name="max_running_positive"),
    deleted_index("company"),
)

product: Final = Table("product", metadata, identity(), Column("name", Text, nullable=False, unique=True))

subscription: Final = Table(
    "subscription",
    metadata,
    identity(),
    Column("company_id", BigInteger, ForeignKey("company.id", ondelete="CASCADE"), nullable=False),
    Column("product_id", BigInteger, ForeignKey("product.id"), nullable=False),
    Column("monthly_limit", BigInteger, nullable=False),  # micro-dollars
    Column("granted_limit", BigInteger, nullable=False),  # up to which the company's own admins may set it
    Column("active", Boolean, nullable=False, server_default=true()),
    created_at(),
    UniqueConstraint("company_id", "product_id"),
    CheckConstraint("monthly_limit BETWEEN 0 AND granted_limit", name="limit_granted"),
)

user_account: Final = Table(
    "user_account",
    metadata,
    identity(),
    Column("company_id", BigInteger, ForeignKey("company.id", ondelete="CASCADE"), index=True),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    created_at(),
    CheckConstraint("(role = 'operator') = (company_id IS NULL)", name="operators_have_no_company"),
    UniqueConstraint("company_id", "email", postgresql_nulls_not_distinct=True),
)

api_key: Final = Table(
    "api_key",
    metadata,
    identity(),
    Column("user_id", BigInteger, ForeignKey("user_account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("prefix", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the secret, which has 256 random bits itself
    Column("label", Text, nullable=False, server_default=""),
    created_at(),
    moment("revoked_at"),
    Index("uq_api_key_digest", "digest", unique=True),
)

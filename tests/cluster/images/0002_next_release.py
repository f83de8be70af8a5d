"""A column more: what a next release's expanding migration looks like."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crawl_session", sa.Column("next_release", sa.Text(), server_default="", nullable=False))

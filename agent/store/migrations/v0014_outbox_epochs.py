"""Whose attempt a delivery is under way by, so that a later owner of the sink can tell."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("outbox", sa.Column("epoch", sa.BigInteger, nullable=False, server_default="0"))

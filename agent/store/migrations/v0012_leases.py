"""Leases: who may act as what, where several agents could reach one database."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of leases."""
    op.create_table(
        "leases",
        sa.Column("name", Text, primary_key=True),
        sa.Column("holder", Text, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("place", Text, nullable=False, server_default=""),
    )

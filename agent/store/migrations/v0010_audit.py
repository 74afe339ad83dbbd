"""The audit log: who was shown or did what only some may."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import RowNumber, Text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of the audit log."""
    op.create_table(
        "audit",
        sa.Column("id", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("role", Text, nullable=False),
        sa.Column("what", Text, nullable=False),
        sa.Column("subject", Text, nullable=False),
        sa.Column("reason", Text, nullable=False),
        sa.Column("address", Text, nullable=False),
    )
    op.create_index("audit_at", "audit", ["at"])

"""Complaints of callers, so that a restart loses none and a repeat is known for one."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of complaints."""
    op.create_table(
        "complaints",
        sa.Column("id", Text, primary_key=True),
        sa.Column("number", Text, nullable=False),
        sa.Column("caller", Text, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("ticket_id", Text, nullable=False, server_default=""),
        sa.Column("answered_at", sa.Float),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("complaints_number", "complaints", ["number", "received_at"])
    op.create_index("complaints_answered_at", "complaints", ["answered_at"])

"""Evidence of what was seen when a ticket was opened and when its fault was over."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import RowNumber, Text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of evidence."""
    op.create_table(
        "evidence",
        sa.Column("id", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", Text, sa.ForeignKey("tickets.id"), nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("taken_at", sa.Float, nullable=False),
        sa.Column("sha256", Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("evidence_ticket", "evidence", ["ticket_id", "id"])
    op.create_index("evidence_taken_at", "evidence", ["taken_at"])

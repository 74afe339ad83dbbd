"""What lists of tickets select and sort by; the rows of stored tickets are made at the start."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INDEXES = {
    "due": ["open", "due_at", "detected_at", "ticket_id"],
    "stage": ["open", "stage", "due_at", "detected_at", "ticket_id"],
    "closed": ["open", "closed_at", "ticket_id"],
    "detected": ["detected_at", "ticket_id"],
    "number": ["number"],
    "assignee": ["assignee", "open", "due_at"],
}


def upgrade() -> None:
    """Make the table, which needs no documents, and its indexes."""
    op.create_table(
        "ticket_index",
        sa.Column("ticket_id", Text, primary_key=True),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("stage", Text, nullable=False),
        sa.Column("severity", Text, nullable=False),
        sa.Column("grade", Text, nullable=False),
        sa.Column("scope", Text, nullable=False),
        sa.Column("cause", Text, nullable=False),
        sa.Column("party", Text, nullable=False),
        sa.Column("provider", Text, nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("number", Text, nullable=False),
        sa.Column("company", Text, nullable=False),
        sa.Column("assignee", Text, nullable=False),
        sa.Column("severe", sa.Boolean, nullable=False),
        sa.Column("detected_at", sa.Float, nullable=False),
        sa.Column("closed_at", sa.Float, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("words", Text, nullable=False),
    )
    for name, columns in _INDEXES.items():
        op.create_index(f"ticket_index_{name}", "ticket_index", columns)

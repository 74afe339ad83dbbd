"""What lists of tickets select and sort by; the rows of stored tickets are made at the start."""

import sqlalchemy as sa
from alembic import op

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
        sa.Column("ticket_id", sa.String, primary_key=True),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("severity", sa.String, nullable=False),
        sa.Column("grade", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
        sa.Column("party", sa.String, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("company", sa.String, nullable=False),
        sa.Column("assignee", sa.String, nullable=False),
        sa.Column("severe", sa.Boolean, nullable=False),
        sa.Column("detected_at", sa.Float, nullable=False),
        sa.Column("closed_at", sa.Float, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("words", sa.String, nullable=False),
    )
    for name, columns in _INDEXES.items():
        op.create_index(f"ticket_index_{name}", "ticket_index", columns)

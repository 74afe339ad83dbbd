"""Inspections and onboardings of numbers."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of checklists."""
    op.create_table(
        "checklists",
        sa.Column("id", Text, primary_key=True),
        *(
            sa.Column(name, Text, nullable=False)
            for name in ("kind", "plan", "provider", "account", "number")
        ),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("closed_at", sa.Float),
        sa.Column("findings", sa.Integer, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("checklists_due", "checklists", ["closed_at", "due_at"])
    op.create_index("checklists_number", "checklists", ["number", "due_at"])
    op.create_index("checklists_findings", "checklists", ["findings"])

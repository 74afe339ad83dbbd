"""Messages and calls to people: who was told, and whether it arrived."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of notifications."""
    op.create_table(
        "notifications",
        sa.Column("sink", Text, primary_key=True),
        sa.Column("delivery", Text, primary_key=True),
        sa.Column("receiver", Text, primary_key=True),
        sa.Column("ticket_id", Text, nullable=False),
        sa.Column("event", Text, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("reference", Text, nullable=False),
        sa.Column("attempted_at", sa.Float, nullable=False),
        sa.Column("settled_at", sa.Float),
        sa.Column("next_check_at", sa.Float),
        sa.Column("checks", sa.Integer, nullable=False),
        sa.Column("detail", Text, nullable=False),
    )
    op.create_index("notifications_ticket", "notifications", ["ticket_id", "attempted_at"])
    op.create_index("notifications_check", "notifications", ["sink", "next_check_at"])

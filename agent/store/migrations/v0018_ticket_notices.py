"""What customers, commanders and assignees are told of a ticket, and when."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of notices."""
    op.create_table(
        "ticket_notices",
        sa.Column("id", Text, primary_key=True),
        sa.Column("ticket_id", Text, nullable=False),
        sa.Column("delivery", Text, nullable=False),
        sa.Column("sink", Text, nullable=False),
        sa.Column("event", Text, nullable=False),
        sa.Column("receiver", Text, nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("company", Text, nullable=False),
        sa.Column("about", Text, nullable=False),
        sa.Column("locale", Text, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("ticket_notices_ticket", "ticket_notices", ["ticket_id", "at"])
    op.create_index("ticket_notices_at", "ticket_notices", ["at"])

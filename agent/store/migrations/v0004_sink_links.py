"""What each ticket is called in each ticket system, what people said there, and what goes first."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of links and callbacks; give the outbox an order of importance."""
    op.create_table(
        "sink_links",
        sa.Column("sink", Text, primary_key=True),
        sa.Column("ticket_id", Text, sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("remote", Text, nullable=False),
        sa.Column("reference", Text, nullable=False),
        sa.Column("intended_at", sa.Float),
        sa.Column("made_at", sa.Float),
        sa.Column("gone", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("moved", Text, nullable=False, server_default=""),
        sa.Column("told_at", Text, nullable=False, server_default=""),
        sa.Column("heard_at", sa.Float),
    )
    op.create_index("sink_links_remote", "sink_links", ["sink", "remote"])
    op.create_table(
        "sink_callbacks",
        sa.Column("sink", Text, primary_key=True),
        sa.Column("id", Text, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.add_column("outbox", sa.Column("rank", sa.Integer, nullable=False, server_default="2"))
    op.create_index("outbox_turn", "outbox", ["sink", "state", "rank", "id"])

"""Tickets that a person closed while their fault goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark; no ticket written before has it."""
    op.add_column(
        "tickets", sa.Column("muted", sa.Boolean, nullable=False, server_default=sa.false())
    )

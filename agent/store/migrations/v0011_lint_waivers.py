"""Waivers of lints that operators write, beside those of the configuration."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import RowNumber, Text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of waivers."""
    op.create_table(
        "lint_waivers",
        sa.Column("id", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("lint", Text, nullable=False),
        sa.Column("number", Text, nullable=False),
        sa.Column("reason", Text, nullable=False),
        sa.Column("author", Text, nullable=False),
        sa.Column("written_at", sa.Float, nullable=False),
        sa.Column("until", Text, nullable=False),
        sa.Column("withdrawn_by", Text, nullable=False, server_default=""),
    )
    op.create_index("lint_waivers_number", "lint_waivers", ["number"])

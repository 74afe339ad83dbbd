"""Waivers of lints that operators write, beside those of the configuration."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of waivers."""
    op.create_table(
        "lint_waivers",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("lint", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("written_at", sa.Float, nullable=False),
        sa.Column("until", sa.String, nullable=False),
        sa.Column("withdrawn_by", sa.String, nullable=False, server_default=""),
    )
    op.create_index("lint_waivers_number", "lint_waivers", ["number"])

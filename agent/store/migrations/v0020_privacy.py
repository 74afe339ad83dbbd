"""What was purged of data about people, and what was erased already."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import RowNumber, Text

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the record of purges, and the columns that say what was erased."""
    for table in ("complaints", "tickets"):
        op.add_column(table, sa.Column("erased_at", sa.Float))
    op.create_table(
        "purges",
        sa.Column("id", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("before", sa.Float, nullable=False),
        sa.Column("request", Text, nullable=False, server_default=""),
    )
    op.create_index("purges_at", "purges", ["at"])

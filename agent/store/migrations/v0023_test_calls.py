"""Test calls, and the recordings and traces of those that failed."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import RowNumber, Text

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of test calls."""
    op.create_table(
        "test_calls",
        sa.Column("id", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("call", Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("provider", Text, nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("number", Text, nullable=False),
        sa.Column("caller", Text, nullable=False),
        sa.Column("purpose", Text, nullable=False),
        sa.Column("reference", Text, nullable=False),
        sa.Column("outcome", Text, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("call", name="test_calls_call"),
    )
    op.create_index("test_calls_at", "test_calls", ["at"])
    op.create_index("test_calls_number", "test_calls", ["number", "at"])
    op.create_index("test_calls_reference", "test_calls", ["reference", "at"])
    op.create_table(
        "test_call_files",
        sa.Column("id", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("call", Text, nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("taken_at", sa.Float, nullable=False),
        sa.Column("sha256", Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("test_call_files_call", "test_call_files", ["call"])
    op.create_index("test_call_files_taken_at", "test_call_files", ["taken_at"])

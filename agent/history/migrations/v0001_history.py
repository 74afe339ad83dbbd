"""The history of balances, phones, calls and tickets by hour."""

import sqlalchemy as sa
from alembic import op

revision = "h0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the history."""
    op.create_table(
        "history_subjects",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("reachable", sa.SmallInteger),
        sa.Column("bound", sa.SmallInteger),
        sa.UniqueConstraint("provider", "account", "number", name="history_subjects_number"),
    )
    op.create_table(
        "history_numbers",
        *_keys("subject", "hour"),
        sa.Column("low", sa.SmallInteger),
        sa.Column("high", sa.SmallInteger),
        sa.Column("last", sa.SmallInteger),
        sa.Column("bound", sa.SmallInteger),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "history_calls",
        *_keys("subject", "hour"),
        sa.Column("result", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("count", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "history_accounts",
        sa.Column("provider", sa.String, primary_key=True),
        sa.Column("account", sa.String, primary_key=True),
        *_keys("hour"),
        sa.Column("currency", sa.String, nullable=False),
        sa.Column("first", sa.Float),
        sa.Column("last", sa.Float),
        sa.Column("low", sa.Float),
        sa.Column("high", sa.Float),
        sa.Column("reachability_seconds", sa.Float, nullable=False),
        sa.Column("calls_seconds", sa.Float, nullable=False),
    )
    op.create_table(
        "history_tickets",
        *_keys("hour"),
        sa.Column("severity", sa.String, primary_key=True),
        sa.Column("low", sa.Integer, nullable=False),
        sa.Column("high", sa.Integer, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
    )


def _keys(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, primary_key=True, autoincrement=False) for name in names]

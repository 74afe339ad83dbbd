"""Deliveries that belong to no ticket: reports that are sent on a schedule."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import RowNumber, Text

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_INDEXES = {
    "outbox_queue": ["sink", "state", "id"],
    "outbox_turn": ["sink", "state", "rank", "id"],
    "outbox_order": ["sink", "ticket_id", "id"],
    "outbox_attempt": ["sink", "state", "last_attempt_at", "created_at"],
    "outbox_state": ["state", "id"],
}


def upgrade() -> None:
    """Let the ticket of a delivery be missing."""
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("outbox", "ticket_id", existing_type=Text, nullable=True)
        return
    # SQLite cannot change a column: the table is written again, and its indexes with it.
    columns = _columns()
    new = op.create_table(
        "outbox_new",
        *columns,
        sa.UniqueConstraint("sink", "webhook_id", name="outbox_sink_webhook_id"),
    )
    names = [column.name for column in columns]
    old = sa.table("outbox", *map(sa.column, names))
    op.execute(sa.insert(new).from_select(names, sa.select(*old.c)))
    op.drop_table("outbox")
    op.rename_table("outbox_new", "outbox")
    for name, indexed in _INDEXES.items():
        op.create_index(name, "outbox", indexed)


def _columns() -> list["sa.Column[object]"]:
    return [
        sa.Column("id", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("sink", Text, nullable=False),
        sa.Column("ticket_id", Text, sa.ForeignKey("tickets.id"), nullable=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("type", Text, nullable=False),
        sa.Column("webhook_id", Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("next_attempt_at", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_attempt_at", sa.Float),
        sa.Column("last_attempt_at", sa.Float),
        sa.Column("settled_at", sa.Float),
        sa.Column("failure", Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False, server_default="2"),
        sa.Column("epoch", sa.BigInteger, nullable=False, server_default="0"),
    ]

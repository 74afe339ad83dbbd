"""The first ledger: kept states, tickets, timeline, outbox."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import RowNumber, Text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the first release."""
    _keep()
    _tickets()
    _timeline()
    _outbox()


def _keep() -> None:
    op.create_table(
        "keep",
        sa.Column("name", Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", Text, primary_key=True),
        sa.Column("key", Text, nullable=False),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        *(
            sa.Column(name, Text, nullable=False)
            for name in (
                *("stage", "severity", "scope", "symptom"),
                *("provider", "account", "number"),
            )
        ),
        sa.Column("detected_at", sa.Float, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
        sa.Column("closed_at", sa.Float),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("key", "episode", name="tickets_key_episode"),
    )
    op.create_index(
        "tickets_one_open",
        "tickets",
        ["key"],
        unique=True,
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.create_index("tickets_detected_at", "tickets", ["detected_at"])


def _timeline() -> None:
    op.create_table(
        "timeline",
        sa.Column("id", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("ticket_id", Text, sa.ForeignKey("tickets.id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("event", Text, nullable=False),
        sa.Column("reason", Text, nullable=False),
    )
    op.create_index("timeline_ticket", "timeline", ["ticket_id", "id"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("sink", Text, nullable=False),
        sa.Column("ticket_id", Text, sa.ForeignKey("tickets.id"), nullable=False),
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
        sa.UniqueConstraint("sink", "webhook_id", name="outbox_sink_webhook_id"),
    )
    op.create_index("outbox_queue", "outbox", ["sink", "state", "id"])
    op.create_index("outbox_order", "outbox", ["sink", "ticket_id", "id"])

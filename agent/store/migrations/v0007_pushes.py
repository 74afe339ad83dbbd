"""Messages that providers pushed, so that a repeat has no second effect."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of pushes."""
    op.create_table(
        "provider_pushes",
        sa.Column("provider", Text, primary_key=True),
        sa.Column("account", Text, primary_key=True),
        sa.Column("id", Text, primary_key=True),
        sa.Column("calls_only", sa.Boolean, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("facts", sa.LargeBinary, nullable=False),
    )
    op.create_index("provider_pushes_received_at", "provider_pushes", ["received_at"])

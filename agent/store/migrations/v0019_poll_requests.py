"""The polls that people ask of a replica which does not poll the account."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "poll_requests",
        sa.Column("id", Text, primary_key=True),
        sa.Column("provider", Text, nullable=False),
        sa.Column("account", Text, nullable=False),
        sa.Column("requested_at", sa.Float, nullable=False),
        sa.Column("answer", sa.LargeBinary),
    )
    op.create_index("poll_requests_requested_at", "poll_requests", ["requested_at"])

"""Alerts that other systems tell, so that a restart loses none of them."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of external alerts."""
    op.create_table(
        "external_alerts",
        sa.Column("source", Text, primary_key=True),
        sa.Column("fingerprint", Text, primary_key=True),
        sa.Column("changed_at", sa.Float, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )

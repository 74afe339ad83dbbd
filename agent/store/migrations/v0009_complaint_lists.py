"""Indexes for lists of complaints: by time, and those of one ticket."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two indexes."""
    op.create_index("complaints_received_at", "complaints", ["received_at", "id"])
    op.create_index("complaints_ticket", "complaints", ["ticket_id"])

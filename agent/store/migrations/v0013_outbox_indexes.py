"""What the page of the sinks asks of the outbox, without reading the rows with their payloads."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("outbox_attempt", "outbox", ["sink", "state", "last_attempt_at", "created_at"])
    op.create_index("outbox_state", "outbox", ["state", "id"])

"""What is known of each account, in parts, where several replicas divide the accounts."""

import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and say of pushes when the database got them."""
    op.create_table(
        "account_states",
        sa.Column("provider", Text, primary_key=True),
        sa.Column("account", Text, primary_key=True),
        sa.Column("part", Text, primary_key=True),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("written_at", sa.Float, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.create_index("account_states_written_at", "account_states", ["written_at"])
    stored_at = sa.Column("stored_at", sa.Float, nullable=False, server_default="0")
    op.add_column("provider_pushes", stored_at)
    op.create_index("provider_pushes_stored_at", "provider_pushes", ["stored_at"])

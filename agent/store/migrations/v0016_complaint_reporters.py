"""Who complained, as a column: one caller's complaints are found without reading all."""

import msgspec
import sqlalchemy as sa
from alembic import op

from agent.store.column_types import Text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_PAGE = 500

_COMPLAINTS = sa.table(
    "complaints",
    sa.column("id", Text),
    sa.column("who", Text),
    sa.column("document", sa.LargeBinary),
)


def upgrade() -> None:
    """Add the column, fill it from the documents, and make its index."""
    op.add_column("complaints", sa.Column("who", Text, nullable=False, server_default=""))
    connection, last = op.get_bind(), ""
    while rows := _page_after(connection, last):
        for identity, document in rows:
            if who := _caller_of(document):
                row = sa.update(_COMPLAINTS).where(_COMPLAINTS.c.id == identity)
                connection.execute(row.values(who=who))
        last = rows[-1][0]
    op.create_index("complaints_who", "complaints", ["who", "received_at"])


def _page_after(connection: sa.Connection, last: str) -> list[tuple[str, bytes]]:
    columns = _COMPLAINTS.c
    query = sa.select(columns.id, columns.document).where(columns.id > last)
    rows = connection.execute(query.order_by(columns.id).limit(_PAGE)).all()
    return [(str(row.id), bytes(row.document)) for row in rows]


def _caller_of(document: bytes) -> str:
    """The hash of the caller's number; empty where it is not known, or the row cannot be read."""
    try:
        stored = msgspec.json.decode(document)
        complaint = stored["complaint"]
        return str(complaint["who"]) if complaint.get("caller") else ""
    except (msgspec.MsgspecError, LookupError, TypeError, AttributeError):
        return ""

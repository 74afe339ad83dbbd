"""Makes a ledger of the first schema, with tickets in it."""

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import Connection, MetaData, Table, create_engine, insert
from sqlalchemy.types import Boolean, Float, Integer, LargeBinary, TypeEngine

from agent.store.migrate import scripts

TICKETS = 400
FIRST = "0001"


def make_ledger(path: Path) -> Path:
    """A ledger at ``path`` as the first numwatch left it."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate_to(connection, FIRST)
        for name in ("tickets", "timeline", "outbox"):
            table = Table(name, MetaData(), autoload_with=connection)
            connection.execute(insert(table), [_row(table, it) for it in range(TICKETS)])
    engine.dispose()
    return path


def migrate_to(connection: Connection, wanted: str) -> None:
    """Bring the database up to the schema ``wanted``."""
    known = scripts()

    def steps(revision: object, _context: object) -> list[Any]:
        return list(known._upgrade_revs(wanted, revision))  # type: ignore[arg-type]

    with EnvironmentContext(Config(), known, fn=steps) as environment:
        environment.configure(connection=connection, transactional_ddl=False)
        environment.run_migrations()


def _row(table: Table, place: int) -> dict[str, Any]:
    """A row that fits the columns as they were then; each in a place of its own."""
    special = {"ticket_id": f"NW-{place}", "open": False, "id": None}
    row = {
        column.name: special.get(column.name, _value(column.type, place))
        for column in table.columns
    }
    row["id"] = f"NW-{place}" if table.name == "tickets" else place + 1
    return row


def _value(kind: TypeEngine[Any], place: int) -> object:
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, LargeBinary):
        return b"{}" * 200
    if isinstance(kind, Integer):
        return place
    return float(place) if isinstance(kind, Float) else f"value {place}"

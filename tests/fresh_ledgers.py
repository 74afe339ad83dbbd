"""New databases of tests get their schema from what the migrations made of the first one.

Two dozen migrations take longer than most tests that need a ledger. They run once in a process;
every further empty SQLite file gets the same tables, indexes and revision. Tests of the store, of
its migrations and of whole processes do not use it.
"""

from collections.abc import Sequence
from typing import Final

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from agent.store import migrate

_REVISION: Final = "alembic_version"
_SCHEMA: Final = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
_TABLES: Final = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
_made: dict[str, Sequence[str]] = {}
"""By folder of migrations, the statements that make what they make."""
_run_migrations = migrate._upgrade


def upgrade_or_repeat(connection: Connection, known: ScriptDirectory) -> None:
    """Make the newest schema, by its migrations where that was not done before."""
    is_empty = not connection.exec_driver_sql(_TABLES).all() if _is_sqlite(connection) else False
    if not is_empty:
        _run_migrations(connection, known)
        return
    if known.dir not in _made:
        _run_migrations(connection, known)
        _made[known.dir] = statements_of(connection)
        return
    for statement in _made[known.dir]:
        connection.exec_driver_sql(statement)


def statements_of(connection: Connection) -> Sequence[str]:
    """What makes the schema of a database that has no rows yet, and its revision."""
    for (table,) in connection.exec_driver_sql(_TABLES).all():
        rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()
        assert not rows or table == _REVISION, f"a migration writes rows into {table}"
    (revision,) = connection.exec_driver_sql(f"SELECT version_num FROM {_REVISION}").one()
    schema = [sql for (sql,) in connection.exec_driver_sql(_SCHEMA).all()]
    return [*schema, f"INSERT INTO {_REVISION} VALUES ('{revision}')"]


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def repeat_schemas(patch: pytest.MonkeyPatch) -> None:
    """From now on the migrations run once in this process, while ``patch`` lasts."""
    patch.setattr(migrate, "_upgrade", upgrade_or_repeat)

"""Migrates a database to this program's schema, or refuses with the reason."""

from functools import lru_cache
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from agent.store import StoreError

_MIGRATIONS = Path(__file__).parent / "migrations"


def scripts(location: Path = _MIGRATIONS) -> ScriptDirectory:
    """The migrations in ``location``, read once; by default those of the ledger."""
    return _read(location)


@lru_cache
def _read(location: Path) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(location))
    config.set_main_option("version_locations", str(location))
    config.set_main_option("path_separator", "newline")
    return ScriptDirectory.from_config(config)


def known_revisions(location: Path = _MIGRATIONS) -> tuple[str, ...]:
    """The revisions of the schema in ``location`` that this program knows, its own first."""
    return tuple(script.revision for script in scripts(location).walk_revisions())


def migrate(connection: Connection, name: str, location: Path = _MIGRATIONS) -> None:
    """Run the missing migrations in the transaction that ``connection`` is in.

    One transaction covers every step, so a kill in the middle leaves the former schema.

    Args:
        connection: A connection inside a transaction.
        name: What errors call the database.
        location: The folder of the migrations; by default the ledger's.

    Raises:
        StoreError: when the database was written by a newer numwatch, or by another program.
    """
    known = scripts(location)
    present = MigrationContext.configure(connection).get_current_revision()
    if present is None:
        _refuse_foreign_tables(connection, name)
    elif present not in {script.revision for script in known.walk_revisions()}:
        raise StoreError(
            f"{name}: written by a newer numwatch (its schema is {present}, this one knows up to"
            f" {known.get_current_head()}); run that version or restore an older backup"
        )
    if present != known.get_current_head():
        _upgrade(connection, known)


def _refuse_foreign_tables(connection: Connection, name: str) -> None:
    tables = inspect(connection).get_table_names()
    if tables:
        raise StoreError(
            f"{name}: a database of another program (it has the table {min(tables)!r} and no"
            " numwatch schema); set data_dir to an empty directory"
        )


def _upgrade(connection: Connection, known: ScriptDirectory) -> None:
    def steps(revision: object, _context: MigrationContext) -> list[object]:
        return list(known._upgrade_revs("head", revision))  # type: ignore[arg-type]  # noqa: SLF001 - Alembic offers the list of steps only there

    with EnvironmentContext(Config(), known, fn=steps) as environment:
        environment.configure(connection=connection, transactional_ddl=False)
        environment.run_migrations()

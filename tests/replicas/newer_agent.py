"""The next version of the program: it has one migration more, which is in a folder of its own.

Usage: ``python -m tests.replicas.newer_agent ... run --config CONFIG``, with the folder in the
variable :data:`MIGRATIONS` of the environment. What precedes ``run`` is left out, so that it may
stand before the command of the present program.
"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from agent.store import migrate
from agent.store.migrate import scripts

MIGRATIONS = "NUMWATCH_TEST_MIGRATIONS"
NEWER = "9999"
_MIGRATION = '''\
"""What a new version may add while the former one is at work."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{former}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns that the former version leaves out, a table, and an index of what it writes."""
    op.create_table("newer", sa.Column("id", sa.Integer, primary_key=True))
    for table in ("tickets", "timeline", "external_alerts", "account_states", "leases"):
        op.add_column(table, sa.Column("newer", sa.Text))
    op.add_column("outbox", sa.Column("newer", sa.Integer, nullable=False, server_default="7"))
    op.create_index("outbox_newer", "outbox", ["newer", "state"])
'''


def write_newer_migrations(folder: Path) -> None:
    """Make ``folder``, with the migrations of the ledger and one more."""
    known = scripts()
    shutil.copytree(known.dir, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = _MIGRATION.format(revision=NEWER, former=known.get_current_head())
    (folder / f"v{NEWER}_newer.py").write_text(text, encoding="utf-8")


def use(folder: Path, change: Callable[[object, str, object], None] = setattr) -> None:
    """Let the migrations in ``folder`` be the ledger's; ``change`` changes an attribute."""
    for function in (migrate.scripts, migrate.known_revisions, migrate.migrate):
        change(function, "__defaults__", (folder,))


if __name__ == "__main__":
    from agent.cli.main import main

    use(Path(os.environ[MIGRATIONS]))
    sys.argv[1:] = sys.argv[sys.argv.index("run") :]
    main()

"""The tables of the history, in a database of its own beside the ledger.

The ledger is read whole at every start, backed up and repaired; a history may be a thousand times
its size and nothing depends on it. Migrations in ``migrations/`` make the tables.
"""

from sqlalchemy import (
    Column,
    Float,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()

subjects = Table(
    "history_subjects",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("provider", String, nullable=False),
    Column("account", String, nullable=False),
    Column("number", String, nullable=False),
    Column("reachable", SmallInteger),
    Column("bound", SmallInteger),
    UniqueConstraint("provider", "account", "number", name="history_subjects_number"),
)
"""The numbers of the history, by a short id, with the phones of their newest row."""

numbers = Table(
    "history_numbers",
    metadata,
    Column("subject", Integer, primary_key=True, autoincrement=False),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("low", SmallInteger),
    Column("high", SmallInteger),
    Column("last", SmallInteger),
    Column("bound", SmallInteger),
    sqlite_with_rowid=False,
)
"""Reachable phones by hour (hours since the epoch), only where they differ from the row before."""

calls = Table(
    "history_calls",
    metadata,
    Column("subject", Integer, primary_key=True, autoincrement=False),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("result", SmallInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Calls by hour and result, only where there were any."""

accounts = Table(
    "history_accounts",
    metadata,
    Column("provider", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("currency", String, nullable=False),
    Column("first", Float),
    Column("last", Float),
    Column("low", Float),
    Column("high", Float),
    Column("reachability_seconds", Float, nullable=False),
    Column("calls_seconds", Float, nullable=False),
)
"""Balances by hour, and for how long of it what is known of an account's numbers was known."""

tickets = Table(
    "history_tickets",
    metadata,
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("severity", String, primary_key=True),
    Column("low", Integer, nullable=False),
    Column("high", Integer, nullable=False),
    Column("last", Integer, nullable=False),
)
"""Open tickets by hour and severity."""

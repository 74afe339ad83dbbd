"""The tables of test calls, with what all tables of the ledger belong to.

They are read as a part of :mod:`agent.store.schema`, which names them again.
"""

from sqlalchemy import (
    Column,
    Float,
    Index,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)

from agent.store.column_types import RowNumber, Text

metadata = MetaData()
"""Every table of the ledger."""

test_calls = Table(
    "test_calls",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("call", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    UniqueConstraint("call", name="test_calls_call"),
    Index("test_calls_at", "at"),
    Index("test_calls_number", "number", "at"),
    Index("test_calls_reference", "reference", "at"),
)
"""Test calls, one row each (:class:`agent.probing.facts.ProbeCall`). No row holds a phone but the
number that was called."""

test_call_files = Table(
    "test_call_files",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("call", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("taken_at", Float, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("test_call_files_call", "call"),
    Index("test_call_files_taken_at", "taken_at"),
)
"""Recordings and traces of test calls that failed, compressed; the digest is of the content before
compression. What people said is in them: they are kept as evidence is."""

"""Types of columns that SQLite and PostgreSQL do not have in the same way."""

from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator, TypeEngine

_NO_CHARACTER = "\ufffd"
"""Stands for what PostgreSQL cannot store in a text."""


class Text(TypeDecorator[str]):
    """Text that sorts and compares by its code points in every database.

    PostgreSQL would sort by the language of the database, and cannot store the character NUL or
    half of a surrogate pair: a text of somebody else's that has one must not keep a ticket from
    being written.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type in the database of ``dialect``."""
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(String(collation=collation))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """``value`` as the database can store it."""
        return value if value is None or dialect.name != "postgresql" else storable_text(value)


def storable_text(value: str) -> str:
    """``value`` as PostgreSQL can store it."""
    storable = value.replace("\x00", _NO_CHARACTER)
    if storable.isascii():
        return storable
    return storable.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


RowNumber = BigInteger().with_variant(Integer(), "sqlite")
"""The number of a row, given by the database; SQLite gives one to whole numbers of any size."""

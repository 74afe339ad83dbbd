"""What an error of PostgreSQL, of its driver or of the way there says about the database."""

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from agent.store.trouble import Trouble

ERRORS = (
    *(SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError),
    asyncpg.InternalClientError,
)
"""What using the database may raise: connecting raises the driver's own errors."""

_STATES = {
    "25006": Trouble.STANDBY,  # a read-only transaction
    "3D000": Trouble.NOT_ALLOWED,  # there is no such database
    "42501": Trouble.NOT_ALLOWED,  # a right is missing
    "40001": Trouble.SLOW,  # another transaction was in the way
    "40P01": Trouble.SLOW,  # each of two waited for the other
    "55P03": Trouble.SLOW,  # a lock was not had in time
    "57014": Trouble.SLOW,  # a statement took too long
    "25P03": Trouble.SLOW,  # a transaction did nothing for too long
    "57P01": Trouble.UNREACHABLE,  # the server is being stopped
    "57P02": Trouble.UNREACHABLE,  # it has crashed
    "57P03": Trouble.UNREACHABLE,  # it is starting
    "57P05": Trouble.UNREACHABLE,  # it has ended an idle session
    "53300": Trouble.SERVER_FULL,  # too many connections
}
_CLASSES = {
    "08": Trouble.UNREACHABLE,  # the connection
    "28": Trouble.NOT_ALLOWED,  # the login
    "53": Trouble.SERVER_FULL,  # the server's means
    "58": Trouble.REFUSED,  # the server's disk
    "XX": Trouble.DAMAGED,  # the server's files
}
"""The first two characters of a state, where the whole one says no more."""


_KINDS: dict[tuple[type[BaseException], ...], Trouble] = {
    (asyncpg.TargetServerAttributeNotMatched,): Trouble.STANDBY,
    (OSError, asyncpg.InterfaceError): Trouble.UNREACHABLE,
}
"""Errors without a state, the narrower ones first."""


def postgresql_trouble_of(error: BaseException) -> Trouble | None:
    """The trouble that ``error`` is a sign of; ``None`` where a statement was wrong."""
    cause: object = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        return _STATES.get(state) or _CLASSES.get(state[:2])
    # SQLAlchemy's error stands for one of the driver or of the socket.
    causes = (cause, getattr(cause, "__cause__", None))
    for kinds, trouble in _KINDS.items():
        if any(isinstance(it, kinds) for it in causes):
            return trouble
    is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return Trouble.UNREACHABLE if is_lost else None


def failure_text(error: BaseException) -> str:
    """What is wrong and what to do, with the words of the database."""
    words = str(getattr(error, "orig", None) or error) or type(error).__name__
    trouble = postgresql_trouble_of(error)
    return words if trouble is None else f"{trouble.reason} ({words})"

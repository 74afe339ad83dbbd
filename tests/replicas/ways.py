"""The ways by which replicas reach their database: directly, or through PgBouncer.

A test that has :data:`WAYS` as its parameter runs by both; ``-k pgbouncer`` chooses one.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agent.config.secret import Secret
from agent.config.store import Store

WAYS = ("direct", "pgbouncer")


@contextmanager
def new_database(request: pytest.FixtureRequest, way: str) -> Iterator[Store]:
    """A database of its own on the tests' server, reached by ``way``, one of :data:`WAYS`."""
    postgresql = request.getfixturevalue("postgresql")
    name = postgresql.make_database()
    store = Store(url=Secret(postgresql.local_url(name)))
    try:
        yield request.getfixturevalue("pooler").through(store) if way == "pgbouncer" else store
    finally:
        postgresql.drop_database(name)

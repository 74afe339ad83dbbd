"""Fixtures for the tests of several packages."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from agent.config.secret import Secret
from agent.config.store import Store
from agent.event_loop import shorten_switch_interval
from agent.store.database import Database
from agent.store.schema import leases, metadata
from tests.postgresql_server import PostgresqlServer
from tests.proof_size import size
from tests.sinks.receiver import Receiver

# A busy machine must not decide a test: hypothesis measures wall time.
settings.register_profile(
    "numwatch",
    deadline=None,
    max_examples=size(40, 400),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("numwatch")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side: those of one file, and all that share the story, together."""
    for item in items:
        shares = "story" in getattr(item, "fixturenames", ())
        group = "story" if shares else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


SQLITE, POSTGRESQL = "sqlite", "postgresql"
ON_BOTH = frozenset(
    {
        *("tests/complaints/test_former_ticket.py", "tests/complaints/test_repository.py"),
        "tests/evidence/test_collector.py",
        "tests/sinks/test_callback_restart.py",
        *("tests/sinks/test_dispatcher.py", "tests/sinks/test_reconciler.py"),
        *("tests/store/test_alert_state_pages.py", "tests/store/test_retention.py"),
        "tests/tickets/outbox/test_outbox.py",
        *("tests/tickets/test_landing_ids.py", "tests/tickets/test_ledger.py"),
        *("tests/tickets/test_ledger_mark.py", "tests/tickets/test_manager.py"),
        "tests/tickets/test_ticket_index.py",
    }
)
"""The files whose tests with a ledger run on a PostgreSQL too."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of those files once on each database."""
    file = metafunc.definition.nodeid.partition("::")[0]
    if file in ON_BOTH and "database" in metafunc.fixturenames:
        metafunc.parametrize("database", (SQLITE, POSTGRESQL), indirect=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def shared_database(postgresql: PostgresqlServer) -> Store:
    """The database that tests use one after the other."""
    return Store(url=Secret(postgresql.local_url(postgresql.make_database())))


@pytest.fixture
def empty_store(postgresql: PostgresqlServer) -> Iterator[Store]:
    """A database of the test's own, with nothing in it."""
    name = postgresql.make_database()
    yield Store(url=Secret(postgresql.local_url(name)))
    postgresql.drop_database(name)


@pytest.fixture
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    is_sqlite = getattr(request, "param", SQLITE) == SQLITE
    store = Store() if is_sqlite else request.getfixturevalue("shared_database")
    opened = await Database.open(tmp_path / "data", store)
    if not is_sqlite:
        async with opened.transaction() as connection:
            for table in reversed(metadata.sorted_tables):
                if table is not leases:
                    await connection.execute(table.delete())
    yield opened
    await opened.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    yield made
    await made.stop()


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A command run in one test does not decide how the next one logs, nor where to."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True, scope="session")
def turns() -> None:
    """Threads and event loop share the interpreter as they do in the agent."""
    shorten_switch_interval()

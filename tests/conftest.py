"""Fixtures for the tests of several packages."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from agent.config.secret import Secret
from agent.config.store import Store
from agent.event_loop import shorten_switch_interval
from agent.store.database import Database
from agent.store.schema import leases, metadata
from tests.forks import end_forks
from tests.fresh_ledgers import repeat_schemas
from tests.hard_limit import pytest_timeout_cancel_timer, pytest_timeout_set_timer
from tests.pgbouncer import Pooler, pgbouncer
from tests.postgresql_server import PostgresqlServer
from tests.proof_size import is_full, size
from tests.side_by_side import SharedWorlds
from tests.sinks.receiver import Receiver

__all__ = ["pytest_timeout_cancel_timer", "pytest_timeout_set_timer"]

# A busy machine must not decide a test: hypothesis measures wall time.
settings.register_profile(
    "numwatch",
    deadline=None,
    max_examples=size(40, 400),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("numwatch")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedWorlds:
    """Who runs which test where several processes do."""
    return SharedWorlds(config, log)


SQLITE, POSTGRESQL = "sqlite", "postgresql"
ON_BOTH = frozenset(
    {
        *("tests/complaints/test_former_ticket.py", "tests/complaints/test_repository.py"),
        "tests/complaints/test_reporters.py",
        "tests/evidence/test_collector.py",
        *("tests/sinks/test_callback_restart.py", "tests/sinks/test_dispatcher.py"),
        *("tests/store/test_alert_state_pages.py", "tests/store/test_retention.py"),
        *("tests/tickets/outbox/test_outbox.py", "tests/tickets/outbox/test_overview.py"),
        "tests/tickets/outbox/test_epochs.py",
        *("tests/tickets/test_landing_ids.py", "tests/tickets/test_ledger.py"),
        *("tests/tickets/test_ledger_mark.py", "tests/tickets/test_manager.py"),
        "tests/tickets/test_ticket_index.py",
    }
)
"""The files whose tests with a ledger run on a PostgreSQL too."""
ON_BOTH_IN_FULL = frozenset(
    {
        "tests/privacy/test_person.py",
        "tests/privacy/test_purge.py",
        "tests/sinks/test_reconciler.py",
    }
)
"""Those that do where tests run at full size."""
ONLY_SQLITE = frozenset({"test_after_a_failed_action_the_tickets_are_read_again"})
"""What refuses statements by a trigger of SQLite's."""
OF_THE_STORE = ("tests/store/", "tests/proofs/")
"""Where every migration runs for each ledger."""
LONG_ON_POSTGRESQL = frozenset(
    {
        "test_an_outage_of_an_hour_loses_nothing_doubles_nothing_and_keeps_order",
        "test_a_delivery_is_given_up_after_its_time",
        "test_what_opens_at_once_is_collected_over_several_evaluations",
    }
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of those files once on each database."""
    file, _, name = metafunc.definition.nodeid.partition("::")
    files = ON_BOTH | ON_BOTH_IN_FULL if is_full() else ON_BOTH
    without = ONLY_SQLITE if is_full() else ONLY_SQLITE | LONG_ON_POSTGRESQL
    if file in files and name not in without and "database" in metafunc.fixturenames:
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


@pytest.fixture(scope="session")
def pooler(postgresql: PostgresqlServer) -> Iterator[Pooler]:
    with pgbouncer(postgresql, connections=20) as running:
        yield running


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


@pytest.fixture(autouse=True)
def migrations(request: pytest.FixtureRequest) -> Iterator[None]:
    """The schema of an empty ledger is made by its migrations once in a process."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.node.nodeid.startswith(OF_THE_STORE):
            repeat_schemas(patch)
        yield


@pytest.fixture(autouse=True, scope="session")
def forks() -> Iterator[None]:
    """What forks commands, begun by the first test that needs it, does not outlast the tests."""
    yield
    end_forks()


@pytest.fixture(autouse=True, scope="session")
def turns() -> None:
    """Threads and event loop share the interpreter as they do in the agent."""
    shorten_switch_interval()

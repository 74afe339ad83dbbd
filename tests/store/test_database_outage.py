"""A PostgreSQL that is stopped, killed and started again under an open ledger."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from agent.config.secret import Secret
from agent.config.store import Store
from agent.store import StoreError, UnavailableError
from agent.store.database import Database
from agent.store.schema import pages
from tests.postgresql_server import PostgresqlServer


@pytest.fixture
def running(postgresql: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """The server, which the test may kill."""
    yield postgresql
    if not postgresql.is_running:
        postgresql.start()


@pytest.fixture
async def ledger(
    tmp_path: Path, running: PostgresqlServer, empty_store: Store
) -> AsyncIterator[Database]:
    assert empty_store.url is not None
    quick = Store(url=empty_store.url, connect_timeout=1, statement_timeout=1)
    opened = await Database.open(tmp_path, quick)
    await opened.put("page", b"1")
    yield opened
    await opened.close()


async def _probed(ledger: Database) -> None:
    async with asyncio.timeout(30):
        while ledger.trouble is not None:
            await ledger.probe()
            await asyncio.sleep(0.05)


async def test_a_server_that_was_started_anew_between_two_changes_is_not_noticed(
    ledger: Database, running: PostgresqlServer
) -> None:
    running.kill()
    running.start()
    await ledger.put("page", b"2")
    assert await ledger.get("page") == b"2"
    assert ledger.trouble is None


async def test_whether_a_commit_under_way_was_stored_is_not_known(
    ledger: Database, running: PostgresqlServer
) -> None:
    async def killed_before_the_commit() -> None:
        async with ledger.transaction() as connection:
            await connection.execute(insert(pages).values(name="other", value=b""))
            running.kill()

    with pytest.raises(UnavailableError, match="whether it was stored is not known") as raised:
        await killed_before_the_commit()
    assert "nothing was changed" not in str(raised.value)
    assert ledger.trouble is not None
    begun = time.monotonic()
    for _ in range(50):
        with pytest.raises(UnavailableError, match="cannot be reached"):
            await ledger.get("page")
    assert time.monotonic() - begun < 1
    running.start()
    await _probed(ledger)
    assert await ledger.get("other") is None


async def test_what_was_read_before_the_server_was_killed_was_read(
    ledger: Database, running: PostgresqlServer
) -> None:
    async with ledger.reading() as connection:
        found = (await connection.execute(select(pages.c.value))).scalar_one()
        running.kill()
    running.start()
    assert found == b"1"


async def test_a_server_that_answers_nothing_is_given_up_and_found_again(
    ledger: Database, running: PostgresqlServer
) -> None:
    running.suspend()
    try:
        async with asyncio.timeout(20):
            with pytest.raises(UnavailableError, match="cannot be reached"):
                await ledger.put("page", b"2")
    finally:
        running.resume()
    await _probed(ledger)
    await ledger.put("page", b"3")
    assert await ledger.get("page") == b"3"


async def test_a_read_that_takes_too_long_is_ended_and_holds_nobody_up(ledger: Database) -> None:
    """All connections for reading are taken; writing goes on, and one more read is refused."""

    async def sleep() -> None:
        async with ledger.reading() as connection:
            await connection.execute(text("SELECT pg_sleep(60)"))

    async with asyncio.timeout(20):
        reads = [asyncio.create_task(sleep()) for _ in range(8)]
        await asyncio.sleep(0.1)
        await ledger.put("page", b"2")
        outcomes = await asyncio.gather(*reads, return_exceptions=True)
    assert {type(it) for it in outcomes} == {StoreError}
    assert any("statement timeout" in str(it) for it in outcomes)
    assert any("every connection was in use by other reads" in str(it) for it in outcomes)
    assert ledger.trouble is None
    assert await ledger.get("page") == b"2"


async def test_a_write_that_takes_too_long_is_ended_and_said(ledger: Database) -> None:
    async def sleep() -> None:
        async with ledger.transaction() as connection:
            await connection.execute(text("SELECT pg_sleep(60)"))

    async with asyncio.timeout(20):
        with pytest.raises(UnavailableError, match=r"took longer than store\.statement_timeout"):
            await sleep()
    await _probed(ledger)
    await ledger.put("page", b"2")


async def test_a_server_whose_certificate_is_not_trusted_is_refused(
    tmp_path: Path, postgresql: PostgresqlServer, empty_store: Store
) -> None:
    assert empty_store.url is not None
    name = postgresql.name_of(empty_store)
    url = postgresql.url(name)
    trusted = f"{url}?sslmode=verify-full&sslrootcert={postgresql.authority}"
    database = await Database.open(tmp_path, Store(url=Secret(trusted)))
    async with database.reading() as connection:
        query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert (await connection.execute(text(query))).scalar_one()
    await database.close()
    other = tmp_path / "other.pem"
    postgresql.write_other_authority(other)
    with pytest.raises(StoreError, match="certificate verify failed"):
        await Database.open(
            tmp_path, Store(url=Secret(f"{url}?sslmode=verify-full&sslrootcert={other}"))
        )

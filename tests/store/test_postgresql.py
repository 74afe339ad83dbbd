"""The ledger in a PostgreSQL: the same tables, one agent, no secret shown, clear errors."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select
from structlog.testing import capture_logs

from agent.config.secret import Secret
from agent.config.store import Store
from agent.store import InUseError, StoreError, UnavailableError, schema
from agent.store.database import Database
from tests.postgresql_server import PASSWORD, PostgresqlServer


async def test_the_migrations_make_exactly_the_tables_the_statements_use(
    tmp_path: Path, empty_store: Store
) -> None:
    database = await Database.open(tmp_path, empty_store)
    async with database.transaction() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), schema.metadata)
        )
    assert differences == []
    await database.close()
    assert not (tmp_path / "ledger.db").exists()


async def test_pages_are_replaced_and_outlive_the_agent(tmp_path: Path, empty_store: Store) -> None:
    database = await Database.open(tmp_path, empty_store)
    await database.put("rules", b"one")
    await database.put("rules", b"two")
    await database.put("rules/other", b"\x00\xff")
    await database.close()
    database = await Database.open(tmp_path, empty_store)
    assert await database.get("rules") == b"two"
    assert await database.pages("rules/") == [("rules/other", b"\x00\xff")]
    await database.close()


async def test_texts_sort_as_in_sqlite_and_what_cannot_be_stored_is_replaced(
    tmp_path: Path, empty_store: Store
) -> None:
    """By the language of this database ``a`` comes before ``B``."""
    names = ["B", "a", "ä", "号", "nul\x00", "half \ud83d", "pair 😀"]
    database = await Database.open(tmp_path, empty_store)
    async with database.transaction() as connection:
        rows = [{"name": name, "value": b""} for name in names]
        await connection.execute(insert(schema.pages), rows)
        stored = await connection.execute(select(schema.pages.c.name).order_by(schema.pages.c.name))
        found = list(stored.scalars())
    assert found == sorted(["B", "a", "ä", "号", "nul\ufffd", "half \ufffd", "pair 😀"])
    await database.close()


async def test_a_failed_transaction_leaves_nothing(tmp_path: Path, empty_store: Store) -> None:
    database = await Database.open(tmp_path, empty_store)
    await database.put("taken", b"1")

    async def fail_half_way() -> None:
        async with database.transaction() as connection:
            await connection.execute(insert(schema.pages).values(name="half", value=b""))
            await connection.execute(insert(schema.pages).values(name="taken", value=b""))

    with pytest.raises(StoreError, match=r"^postgresql://.*duplicate key.*nothing was changed"):
        await fail_half_way()
    assert await database.get("half") is None
    assert database.trouble is None
    await database.close()


async def test_what_only_reads_waits_for_no_writer_and_cannot_write(
    tmp_path: Path, empty_store: Store
) -> None:
    database = await Database.open(tmp_path, empty_store)
    await database.put("page", b"1")
    async with database.transaction() as connection:
        await connection.execute(insert(schema.pages).values(name="other", value=b""))
        async with asyncio.timeout(10):
            assert await database.get("page") == b"1"
            assert await database.get("other") is None

    async def write() -> None:
        async with database.reading() as connection:
            await connection.execute(schema.pages.delete())

    with pytest.raises(StoreError, match="nothing was changed"):
        await write()
    assert await database.get("page") == b"1"
    await database.close()


async def test_a_second_agent_is_refused_until_the_first_has_ended(
    tmp_path: Path, empty_store: Store
) -> None:
    first = await Database.open(tmp_path / "one", empty_store)
    with pytest.raises(InUseError, match=r"in use by another numwatch agent \(.*process \d+\)"):
        await Database.open(tmp_path / "two", empty_store)
    await first.close()
    await (await Database.open(tmp_path / "two", empty_store)).close()


async def test_of_two_that_start_at_once_on_an_empty_database_one_works(
    tmp_path: Path, empty_store: Store
) -> None:
    opening = (Database.open(tmp_path / name, empty_store) for name in ("one", "two", "three"))
    outcomes = await asyncio.gather(*opening, return_exceptions=True)
    opened = [it for it in outcomes if isinstance(it, Database)]
    assert len(opened) == 1
    assert [type(it) for it in outcomes if not isinstance(it, Database)] == [InUseError] * 2
    await opened[0].close()


async def test_a_database_of_another_program(
    tmp_path: Path, empty_store: Store, postgresql: PostgresqlServer
) -> None:
    postgresql.execute_in(empty_store, "CREATE TABLE songs (title TEXT)")
    with pytest.raises(StoreError, match=r"another program .*'songs'"):
        await Database.open(tmp_path, empty_store)


async def test_a_ledger_of_a_newer_numwatch_and_its_lease_stay_as_they_were(
    tmp_path: Path, empty_store: Store, postgresql: PostgresqlServer
) -> None:
    await (await Database.open(tmp_path, empty_store)).close()
    postgresql.execute_in(empty_store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"written by a newer numwatch \(its schema is 9999"):
        await Database.open(tmp_path, empty_store)
    assert postgresql.execute_in(empty_store, "SELECT epoch FROM leases") == ["1"]


@pytest.mark.parametrize(
    ("change", "reason", "passes"),
    [
        (("/{name}", "/nowhere"), "not let this user in, or not at this database", False),
        ((PASSWORD.replace("/", "%2F").replace(":", "%3A"), "wrong"), "not let this user", False),
        ((":{port}/", ":1/"), "cannot be reached", True),
    ],
)
async def test_an_address_that_leads_nowhere_says_so_without_the_password(
    tmp_path: Path,
    postgresql: PostgresqlServer,
    change: tuple[str, str],
    reason: str,
    passes: bool,
) -> None:
    old, new = (it.format(port=postgresql.port, name="postgres") for it in change)
    url = postgresql.url("postgres").replace(old, new)
    assert url != postgresql.url("postgres")
    with capture_logs() as logs, pytest.raises(UnavailableError, match=reason) as raised:
        await Database.open(tmp_path, Store(url=Secret(url), connect_timeout=1))
    assert raised.value.passes is passes
    shown = f"{raised.value} {raised.value.__cause__} {logs}"
    assert PASSWORD not in shown
    assert "%2F" not in shown


async def test_the_host_that_takes_writes_is_found_among_several(
    tmp_path: Path, postgresql: PostgresqlServer
) -> None:
    name = postgresql.make_database()
    hosts = f"127.0.0.1:1,127.0.0.1:{postgresql.port}"
    url = postgresql.url(name).replace(f"127.0.0.1:{postgresql.port}", hosts)
    address = Secret(f"{url}?target_session_attrs=read-write")
    several = Store(url=address)
    database = await Database.open(tmp_path, several)
    await database.put("page", b"1")
    assert database.name == f"postgresql://{hosts}/{name}"
    await database.close()
    postgresql.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    standbys = Store(url=Secret(address.reveal().replace(":1,", f":{postgresql.port},")))
    with pytest.raises(UnavailableError, match="takes no writes because it is a standby"):
        await Database.open(tmp_path, standbys)
    with pytest.raises(UnavailableError, match="takes no writes because it is a standby"):
        await Database.open(tmp_path, Store(url=Secret(url)))

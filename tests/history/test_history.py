"""What was observed is read back hour by hour; what was not observed is a gap."""

import pytest
import sqlalchemy as sa

from agent.history import schema
from agent.history.codes import CODES, RESULTS
from agent.history.hours import BalanceHour, CallsHour, PhonesHour
from agent.states import CallResult, Capability, Severity
from tests.history.scene import KEY, START, A, B, Run, Scene, phones

HOUR = 3600.0
ANSWERED, BUSY = CallResult.ANSWERED, CallResult.BUSY


@pytest.fixture
async def run(tmp_path):
    begun = await Run.start(tmp_path, Scene())
    yield begun
    await begun.kill()


def figures(hours: list[PhonesHour]):
    return [(hour.low, hour.high, hour.last, hour.bound) for hour in hours]


async def rows(run: Run, table: sa.Table) -> int:
    async with run.database.transaction() as connection:
        return (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar()


async def test_a_balance_has_its_first_last_least_and_greatest_figure(run: Run) -> None:
    for amount in (100.0, 80.0, 120.0, 110.0):
        run.scene.balance = amount
        await run.spend(600)
    run.scene.now = START + HOUR
    run.scene.balance = 105.0
    await run.spend(60)
    await run.recorder.write()
    first, second, third = await run.reader.balance(KEY, START, START + 3 * HOUR)
    assert first == BalanceHour(
        at=START, first=100.0, last=110.0, low=80.0, high=120.0, currency="CNY"
    )
    assert (second.first, second.last) == (105.0, 105.0)
    assert third == BalanceHour(at=START + 2 * HOUR)


async def test_calls_are_counted_in_their_hour(run: Run) -> None:
    run.scene.calls = {(A, ANSWERED): 3, (B, BUSY): 1}
    await run.spend(HOUR - 60)
    run.scene.calls = {(A, ANSWERED): 5, (A, BUSY): 1, (B, BUSY): 1}
    await run.spend(120)
    run.scene.calls = {(A, ANSWERED): 9, (A, BUSY): 1, (B, BUSY): 1}
    await run.spend(HOUR - 60)
    first, second = await run.reader.calls(KEY, A, START, START + 2 * HOUR)
    assert first == CallsHour(at=START, counts={"answered": 5, "busy": 1}, complete=True)
    assert second == CallsHour(at=START + HOUR, counts={"answered": 4}, complete=True)
    assert [hour.counts for hour in await run.reader.calls(KEY, B, START, START + 2 * HOUR)] == [
        {"busy": 1},
        {},
    ]


async def test_totals_that_were_counted_anew_are_no_negative_calls(run: Run) -> None:
    run.scene.calls = {(A, ANSWERED): 7}
    await run.spend(HOUR)
    run.scene.calls = {(A, ANSWERED): 2}
    await run.spend(HOUR)
    hours = await run.reader.calls(KEY, A, START, START + 2 * HOUR)
    assert [hour.counts for hour in hours] == [{"answered": 7}, {"answered": 2}]


async def test_an_hour_of_which_a_part_was_observed_is_not_complete(run: Run) -> None:
    run.scene.calls = {(A, ANSWERED): 3}
    await run.spend(1200)
    run.scene.silent = {Capability.CALLS}
    await run.spend(2400)
    (hour,) = await run.reader.calls(KEY, A, START, START + HOUR)
    assert hour == CallsHour(at=START, counts={"answered": 3}, complete=False)


async def test_phones_are_stored_where_they_change_and_read_for_every_hour(run: Run) -> None:
    await run.spend(HOUR)
    run.scene.phones[A] = phones(1, 1)
    await run.spend(1800)
    run.scene.phones[A] = phones(2, 0)
    await run.spend(HOUR * 3 - 1800)
    await run.recorder.write()
    hours = await run.reader.reachable(KEY, A, START, START + 4 * HOUR)
    assert figures(hours) == [(2, 2, 2, 2), (1, 2, 2, 2), (2, 2, 2, 2), (2, 2, 2, 2)]
    steady = await run.reader.reachable(KEY, B, START, START + 4 * HOUR)
    assert figures(steady) == [(1, 1, 1, 1)] * 4
    # Two rows of A, one of B: hours in which nothing changed have none.
    assert await rows(run, schema.numbers) == 3


async def test_the_state_before_the_period_holds_in_it(run: Run) -> None:
    await run.spend(3 * HOUR)
    await run.recorder.write()
    hours = await run.reader.reachable(KEY, A, START + 2 * HOUR, START + 3 * HOUR)
    assert figures(hours) == [(2, 2, 2, 2)]


async def test_an_hour_that_nobody_observed_is_a_gap_and_not_the_hour_before(run: Run) -> None:
    await run.spend(HOUR - 60)
    run.scene.silent = {Capability.REACHABILITY, Capability.CALLS, Capability.BALANCE}
    run.scene.now += 60
    await run.spend(2 * HOUR - 60)
    run.scene.silent = set()
    run.scene.now += 60
    await run.spend(HOUR)
    await run.recorder.write()
    until = START + 4 * HOUR
    unknown = (None,) * 4
    hours = await run.reader.reachable(KEY, A, START, until)
    assert figures(hours) == [(2, 2, 2, 2), unknown, unknown, (2, 2, 2, 2)]
    calls = await run.reader.calls(KEY, A, START, until)
    assert [hour.counts for hour in calls] == [{}, None, None, {}]
    assert [hour.last for hour in await run.reader.balance(KEY, START, until)] == [
        100.0,
        None,
        None,
        100.0,
    ]


async def test_phones_that_become_unknown_are_not_the_last_known_ones(run: Run) -> None:
    await run.spend(HOUR)
    run.scene.phones[A] = None
    await run.spend(2 * HOUR)
    await run.recorder.write()
    hours = await run.reader.reachable(KEY, A, START, START + 3 * HOUR)
    assert [(hour.last, hour.bound) for hour in hours] == [(2, 2), (None, None), (None, None)]


async def test_a_number_that_leaves_its_account_is_unknown_from_then_on(run: Run) -> None:
    await run.spend(HOUR)
    del run.scene.phones[A]
    await run.spend(2 * HOUR)
    run.scene.phones[A] = phones(1, 0)
    await run.spend(HOUR)
    await run.recorder.write()
    hours = await run.reader.reachable(KEY, A, START, START + 4 * HOUR)
    assert [hour.last for hour in hours] == [2, None, None, 1]


async def test_tickets_are_counted_by_severity(run: Run) -> None:
    run.scene.tickets = [Severity.CRITICAL, Severity.WARNING, Severity.WARNING]
    await run.spend(600)
    run.scene.tickets = []
    await run.spend(HOUR)
    await run.recorder.write()
    first, second, third = await run.reader.tickets(START, START + 3 * HOUR)
    assert first.open == {"critical": 1, "warning": 2, "info": 0}
    assert second.open == {"critical": 0, "warning": 0, "info": 0}
    assert third.open is None


async def test_a_restart_within_an_hour_goes_on_with_it(run: Run) -> None:
    run.scene.calls = {(A, ANSWERED): 3}
    run.scene.tickets = [Severity.WARNING]
    await run.spend(1200)
    again = await run.restart()
    run.scene.balance = 50.0
    run.scene.phones[A] = phones(1, 1)
    run.scene.calls = {(A, ANSWERED): 4, (A, BUSY): 1}
    run.scene.tickets = []
    await again.spend(1200)
    third = await again.restart()
    run.scene.calls = {(A, ANSWERED): 1}
    await third.spend(1199)
    await third.recorder.write()
    await third.recorder.write()
    reader, until = third.reader, START + HOUR
    (calls,) = await reader.calls(KEY, A, START, until)
    assert calls == CallsHour(at=START, counts={"answered": 8, "busy": 1}, complete=True)
    assert figures(await reader.reachable(KEY, A, START, until)) == [(1, 2, 1, 2)]
    assert figures(await reader.reachable(KEY, B, START, until)) == [(1, 1, 1, 1)]
    (balance,) = await reader.balance(KEY, START, until)
    assert (balance.first, balance.last, balance.low, balance.high) == (100.0, 50.0, 50.0, 100.0)
    (tickets,) = await reader.tickets(START, until)
    assert tickets.open == {"critical": 0, "warning": 1, "info": 0}
    await third.kill()


async def test_a_crash_loses_a_quarter_of_an_hour_at_most(run: Run) -> None:
    await run.spend(60)
    run.scene.balance = 70.0
    await run.spend(1000)
    await run.kill()
    again = await Run.start(run.folder, run.scene)
    (balance,) = await again.reader.balance(KEY, START, START + HOUR)
    assert (balance.first, balance.last) == (100.0, 70.0)
    await again.kill()


async def test_writing_an_hour_again_changes_nothing(run: Run) -> None:
    run.scene.calls = {(A, ANSWERED): 3}
    run.scene.phones[A] = phones(1, 1)
    await run.spend(1200)
    dumps = []
    for _ in range(2):
        await run.recorder.write()
        async with run.database.transaction() as connection:
            dumps.append(
                [
                    (await connection.execute(sa.select(table))).all()
                    for table in schema.metadata.sorted_tables
                ]
            )
    assert dumps[0] == dumps[1]
    assert all(dumps[0])


async def rename(run: Run, table: str, name: str) -> None:
    async with run.database.transaction() as connection:
        await connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {name}"))


async def test_what_cannot_be_written_is_written_later(run: Run) -> None:
    run.scene.calls = {(A, ANSWERED): 3}
    await run.spend(600)
    await rename(run, "history_calls", "hidden")
    await run.spend(HOUR)
    await rename(run, "hidden", "history_calls")
    run.scene.calls = {(A, ANSWERED): 5}
    await run.spend(600)
    await run.recorder.write()
    hours = await run.reader.calls(KEY, A, START, START + 2 * HOUR)
    assert [hour.counts for hour in hours] == [{"answered": 3}, {"answered": 2}]


async def test_what_has_expired_is_deleted_and_the_state_at_its_end_is_not(tmp_path) -> None:
    run = await Run.start(tmp_path, Scene(), keep=24 * HOUR)
    run.scene.calls = {(A, ANSWERED): 1}
    run.scene.tickets = [Severity.INFO]
    await run.spend(HOUR)
    run.scene.phones[A] = phones(1, 1)
    await run.spend(30 * HOUR, step=HOUR)
    now = run.scene.now
    hours = await run.reader.reachable(KEY, A, now - 20 * HOUR, now)
    assert {hour.last for hour in hours} == {1}
    assert {hour.last for hour in await run.reader.reachable(KEY, B, now - HOUR, now)} == {1}
    assert await rows(run, schema.calls) == 0
    # A's newest row, B's only one.
    assert await rows(run, schema.numbers) == 2
    assert await rows(run, schema.accounts) == 24
    await run.kill()


async def test_a_damaged_history_is_put_aside_and_a_new_one_begun(tmp_path, caplog) -> None:
    run = await Run.start(tmp_path, Scene())
    await run.spend(60)
    await run.stop()
    file = tmp_path / "history.db"
    file.write_bytes(b"no database" * 1000)
    again = await Run.start(tmp_path, run.scene)
    assert (tmp_path / "history.db.damaged").read_bytes().startswith(b"no database")
    await again.spend(60)
    await again.recorder.write()
    assert (await again.reader.balance(KEY, START, START + HOUR))[0].last == 100.0
    await again.kill()
    assert file.stat().st_mode & 0o077 == 0


def test_every_result_has_a_code() -> None:
    assert set(RESULTS) == set(CallResult)
    # They are stored: a change here would read old rows wrongly.
    assert [CODES[ANSWERED], CODES[BUSY], CODES[CallResult.UNKNOWN]] == [0, 1, 17]
    assert len(RESULTS) == 18


async def test_the_migrations_make_the_tables(run: Run) -> None:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - only here
    from alembic.migration import MigrationContext  # noqa: PLC0415 - only here

    async with run.database.transaction() as connection:
        difference = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), schema.metadata)
        )
    assert difference == []

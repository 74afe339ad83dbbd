"""A paid query is charged in the ledger before it is sent: real SQLite, restarts, failures."""

import asyncio

import pytest

from agent.cli.cost_pages import CommandPages
from agent.clock import AgentClock
from agent.net.exchange import ProviderError
from agent.polling.cost_pages import LedgerPages
from agent.providers.cost_budget import Costs
from agent.providers.paid_queries import FAILED_PAUSE, CostLedger, MemoryPages, Paid
from agent.states import PollFailure
from agent.store.database import Database

COSTS = Costs(query=0.1, daily=0.3)
NOW = 1_795_838_400.0


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


class Provider:
    """Answers paid queries and counts them."""

    def __init__(self, failure=None):
        self.queried = []
        self.failure = failure

    async def query(self, subject):
        self.queried.append(subject)
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return Paid(f"answer {subject}")


@pytest.fixture
async def database(tmp_path):
    database = await Database.open(tmp_path / "data")
    yield database
    await database.close()


def queries(pages, clock=None, costs=COSTS):
    return CostLedger("north/hq", pages, clock or Clock()).queries("phones", costs)


async def test_a_restart_spends_nothing_twice_and_remembers_the_answers(database):
    provider = Provider()
    before = queries(LedgerPages(database))
    await before.query_due(["a", "b"], provider.query, 4)
    after = queries(LedgerPages(database))
    await after.query_due(["a", "b", "c", "d"], provider.query, 4)
    assert sorted(provider.queried) == ["a", "b", "c"]
    assert (await after.record_of("a")).answer == "answer a"
    assert await after.remaining() == 0


async def test_the_charge_is_stored_before_the_query_is_sent(database):
    remaining = []

    async def query(_subject):
        remaining.append(await queries(LedgerPages(database)).remaining())
        return Paid("x")

    await queries(LedgerPages(database)).query_due(["a", "b"], query, 1)
    assert remaining == [1, 1]


async def test_nothing_is_sent_while_the_ledger_cannot_be_written_or_read():
    class Unwritable(MemoryPages):
        async def save(self, _name, _content):
            return False

    class Unreadable(MemoryPages):
        async def load(self, _name):
            raise OSError("no")

    provider = Provider()
    for pages in (Unwritable(), Unreadable()):
        await queries(pages).query_due(["a"], provider.query, 1)
    assert provider.queried == []
    await queries(MemoryPages()).query_due(["a"], provider.query, 1)
    assert provider.queried == ["a"]


async def test_a_ledger_that_is_closed_costs_nothing(tmp_path):
    database = await Database.open(tmp_path / "data")
    pages = LedgerPages(database)
    provider = Provider()
    paid = queries(pages)
    await paid.query_due(["a"], provider.query, 1)
    (tmp_path / "data" / "ledger.db").unlink()
    await paid.query_due(["b"], provider.query, 1)
    await database.close()
    assert provider.queried == ["a"]


async def test_a_damaged_budget_spends_nothing_more_today(database):
    await database.put("costs/north/hq/phones", b"\x00")
    provider, clock = Provider(), Clock()
    paid = queries(LedgerPages(database), clock)
    await paid.query_due(["a"], provider.query, 1)
    assert provider.queried == []
    clock.now += 86_400
    await paid.query_due(["a"], provider.query, 1)
    assert provider.queried == ["a"]


async def test_a_failure_ends_the_round_and_what_was_not_sent_is_not_charged():
    provider, clock = Provider(ProviderError(PollFailure.AUTH, "no")), Clock()
    paid = queries(MemoryPages(), clock)
    with pytest.raises(ProviderError):
        await paid.query_due(["a", "b", "c"], provider.query, 1)
    assert provider.queried == ["a"]
    assert await paid.remaining() == 2
    provider.failure = None
    await paid.query_due(["a", "b", "c"], provider.query, 1)
    assert provider.queried == ["a", "b", "c"]
    clock.now += 86_400 + FAILED_PAUSE
    await paid.query_due(["a"], provider.query, 1)
    assert provider.queried[-1] == "a"


async def test_a_cancelled_round_charges_what_it_sent_only():
    sent = asyncio.Event()

    async def query(_subject):
        sent.set()
        await asyncio.Event().wait()

    paid = queries(MemoryPages())
    task = asyncio.create_task(paid.query_due(["a", "b", "c"], query, 1))
    await sent.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await paid.remaining() == 2


async def test_two_kinds_of_queries_have_budgets_of_their_own(database):
    ledger = CostLedger("north/hq", LedgerPages(database), Clock())
    provider = Provider()
    for kind in ("phones", "marks"):
        await ledger.queries(kind, COSTS).query_due(["a"], provider.query, 1)
    assert provider.queried == ["a", "a"]
    assert await queries(LedgerPages(database)).remaining() == 2


async def test_a_command_beside_an_agent_pays_for_nothing_and_shows_what_was_paid_for(database):
    provider = Provider()
    await queries(LedgerPages(database)).query_due(["a"], provider.query, 1)
    beside = queries(CommandPages(database.path.parent))
    await beside.query_due(["b"], provider.query, 1)
    assert provider.queried == ["a"]
    assert (await beside.record_of("a")).answer == "answer a"


async def test_commands_without_an_agent_share_one_budget(tmp_path):
    provider = Provider()
    for subject in ("a", "b", "c", "d"):
        command = queries(CommandPages(tmp_path / "data"))
        await command.query_due([subject], provider.query, 1)
    assert provider.queried == ["a", "b", "c"]


@pytest.mark.parametrize("days", [-30, -1, 1, 30])
async def test_a_clock_that_is_set_while_the_agent_runs_pays_for_nothing_again(database, days):
    machine = Clock()
    passed = [0.0]
    clock = AgentClock(lambda: machine.now + passed[0], lambda: passed[0])
    provider, paid = Provider(), queries(LedgerPages(database), clock)
    await paid.query_due(["a", "b", "c"], provider.query, 4)
    for step in (days, -days):
        machine.now += step * 86_400
        passed[0] += 60
        await clock.follow()
        await paid.query_due(["a", "b", "c", "d"], provider.query, 4)
        assert await paid.remaining() == 0
        assert len(provider.queried) == 3
        answered_at = (await paid.record_of("a")).answered_at
        assert clock() - answered_at == pytest.approx(passed[0])

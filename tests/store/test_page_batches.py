"""Pages are written many at a time, and what the ledger refuses is written the next time.

Negative control: a page at a time takes as many transactions as there are pages
(:func:`test_a_transaction_for_each_page_would_be_noticed`).
"""

from collections.abc import Collection, Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.baselines.baseline import PAGE_PREFIX, Baseline, BaselineBook
from agent.baselines.repository import BaselineRepository
from agent.checks.call_habits import CallHabits
from agent.checks.charge_habits import ChargeHabits
from agent.checks.habits import Habits
from agent.runtime_state import RuntimeState
from agent.store import StoreError, page_batches
from agent.store.database import Database
from agent.store.page_batches import in_batches
from tests.account_facts import B1, ROUTING

MANY = 450
pages = st.lists(st.tuples(st.text(max_size=3), st.integers(0, 300_000)), max_size=30)


@given(pages)
def test_every_page_is_in_a_batch_and_the_last_one_of_a_name_is_in_the_last(named) -> None:
    made = [(name, bytes(size)) for name, size in named]
    batches = list(in_batches(made))
    written: dict[str, bytes] = {}
    for batch in batches:
        written |= batch
    assert written == dict(made)
    limit = page_batches._BYTES + max((size for _, size in named), default=0)
    assert all(sum(map(len, batch.values())) <= limit for batch in batches)


def test_a_batch_is_made_when_it_is_asked_for() -> None:
    made: list[str] = []

    def making() -> Iterator[tuple[str, bytes]]:
        for place in range(MANY):
            made.append(str(place))
            yield str(place), b"x"

    first = next(in_batches(making()))
    assert list(first) == made
    assert len(made) < MANY


def book_of(count: int) -> BaselineBook:
    book = BaselineBook()
    for place in range(count):
        book.put("north", f"a{place}", "4006220001", Baseline(ROUTING, (B1,), taken_at=5.0))
    return book


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pages each call to replace some had."""
    noted: list[int] = []
    replace = Database.replace

    async def noting(self: Database, changed: Mapping[str, bytes], gone: Collection[str]) -> None:
        noted.append(len(changed))
        await replace(self, changed, gone)

    monkeypatch.setattr(Database, "replace", noting)
    return noted


async def test_many_baselines_take_few_transactions(database: Database, calls: list[int]) -> None:
    await BaselineRepository(database, book_of(MANY)).write_changes()
    assert sum(calls) == MANY == len(await database.pages(PAGE_PREFIX))
    assert len(calls) < 5


async def test_a_transaction_for_each_page_would_be_noticed(
    database: Database, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_batches, "_PAGES", 1)
    await BaselineRepository(database, book_of(MANY)).write_changes()
    assert len(calls) == MANY


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The ledger refuses the calls to replace pages whose places are in the list."""
    refused: list[int] = []
    place = iter(range(1000))
    replace = Database.replace

    async def now_and_then(self: Database, changed: Mapping[str, bytes], gone: object) -> None:
        if next(place) in refused:
            raise StoreError("refused")
        await replace(self, changed, ())

    monkeypatch.setattr(Database, "replace", now_and_then)
    return refused


async def test_baselines_that_were_refused_are_written_the_next_time(
    database: Database, refusing: list[int]
) -> None:
    repository = BaselineRepository(database, book_of(MANY))
    refusing.append(1)
    with pytest.raises(StoreError):
        await repository.write_changes()
    await repository.write_changes()
    assert len(await database.pages(PAGE_PREFIX)) == MANY


class Learnt(Habits):
    """What was learnt, as pages that are given once."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[tuple[str, bytes]] = []

    def take_unwritten(self) -> Iterator[tuple[str, bytes]]:
        while self.pages:
            yield self.pages.pop(0)


async def test_what_was_learnt_and_refused_is_written_the_next_time_unless_it_is_newer(
    database: Database, refusing: list[int]
) -> None:
    learnt = Learnt()
    state = RuntimeState(database, BaselineRepository(database, BaselineBook()))
    await state.restore_habits(learnt, ChargeHabits(), CallHabits())
    learnt.pages = [(f"habits/{place}", b"old") for place in range(MANY)]
    refusing.append(0)
    with pytest.raises(StoreError):
        await state.save()
    learnt.pages.append(("habits/7", b"new"))
    await state.save()
    stored = dict(await database.pages("habits/"))
    assert len(stored) == MANY
    assert stored.pop("habits/7") == b"new"
    assert set(stored.values()) == {b"old"}

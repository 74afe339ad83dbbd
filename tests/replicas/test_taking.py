"""Many leases are taken a few at a time: none expires while what they stand for is begun.

Negative control: with all of them at once the other replica gets none
(:func:`test_taken_at_once_the_others_get_nothing`).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from agent.config.store import Store
from agent.replicas import coordinator
from agent.replicas.coordinator import TAKEN_AT_ONCE, Coordinator
from agent.store.database import Database
from agent.store.leases import TICKETS, Lease, account_lease, sink_lease
from agent.store.postgresql.lease_keeper import LeaseKeeper

ACCOUNTS = [account_lease("north", f"a{index:03}") for index in range(2 * TAKEN_AT_ONCE + 10)]
SINK = sink_lease("desk")
ALL = [*ACCOUNTS, TICKETS, SINK]


class Work:
    """What is begun, in its order."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self.begun: list[list[str]] = []
        self._meanwhile = meanwhile

    async def begin(self, taken: Sequence[Lease]) -> None:
        self.begun.append([lease.name for lease in taken])
        if len(self.begun) == 1:
            await self._meanwhile()

    async def end(self, names: Collection[str], *, in_time: bool) -> None:
        raise AssertionError(names, in_time)


Opener = Callable[[str], Awaitable[LeaseKeeper]]


@pytest.fixture
async def opened(empty_store: Store, tmp_path: Path) -> AsyncIterator[Opener]:
    shared = empty_store.model_copy(update={"replicas": True})
    async with AsyncExitStack() as ends:

        async def open_one(name: str) -> LeaseKeeper:
            database = await Database.open(tmp_path / name, shared)
            ends.push_async_callback(database.close)
            assert database.lease_keeper is not None
            return database.lease_keeper

        yield open_one


async def taken_by_both(opened: Opener) -> tuple[Work, list[Lease]]:
    """What one begins, and what another takes that comes while it begins the first of it."""
    got: list[Lease] = []

    async def take_what_is_free() -> None:
        got.extend(await (await opened("two")).take(ALL))

    work = Work(take_what_is_free)
    replica = Coordinator(await opened("one"), lambda: ALL, work, lambda _: None)
    await replica.look()
    return work, got


async def test_others_may_have_the_rest_and_tickets_come_first(
    opened: Opener,
) -> None:
    work, got = await taken_by_both(opened)
    first = work.begun[0]
    assert set(first) == {TICKETS, SINK, *ACCOUNTS[: TAKEN_AT_ONCE - 2]}
    assert len(got) == len(ALL) - len(first)
    assert work.begun[1:] == []


async def test_taken_at_once_the_others_get_nothing(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coordinator, "TAKEN_AT_ONCE", 10_000)
    work, got = await taken_by_both(opened)
    assert got == []
    assert len(work.begun[0]) == len(ALL)

"""Many times ``kill -9`` under load: nothing acknowledged is lost, repeats keep their id.

Twenty producers work at once and the desk refuses a third of what it is sent.

Negative control: an agent that acknowledges before it commits has lost something within a few
kills (the last test).
"""

import asyncio
import contextlib
import multiprocessing
import random
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from agent.config.store import Store
from agent.store.database import Database
from agent.tickets.changes import UPDATED
from agent.tickets.ledger import Ledger
from agent.tickets.outbox.outbox import Outbox
from tests.integrity import integrity_of
from tests.postgresql_server import PostgresqlServer
from tests.proof_size import size
from tests.sinks.receiver import Receiver
from tests.tickets import kill9_agent

KILLS = size(5, 500, "kills")
KILLS_ON_POSTGRESQL = size(2, 100, "kills")
CONTROL_KILLS = 60
"""After so many at the latest the control must have lost something."""
REFUSED = 1 / 3
"""Share of the deliveries that the desk refuses."""
CHANGES = size(0, 4000, "kills")
"""Ticket changes that must have been acknowledged."""
LONGEST_LIFE = 0.3
WORKING_LIFE = 5.0

Acknowledged = tuple[str, str, int, str]
"""Ids of the ticket and of the message, revision and kind."""


class Agents:
    """Starts one agent after another on the same ledger and hears what each acknowledged."""

    def __init__(
        self, data_dir: Path, url: str, *, hasty: bool = False, store: Store | None = None
    ) -> None:
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.tickets.kill9_agent"])
        self._data_dir = data_dir
        self._url = url
        self._hasty = hasty
        self._store_url = "" if store is None or store.url is None else store.url.reveal()
        self.acknowledged: list[Acknowledged] = []

    def live(
        self, seconds: float, killed_after: float | None, *, at_work: bool = False
    ) -> int | None:
        """One agent's life; gives its exit code.

        With ``at_work`` the time to its killing runs from its first acknowledgement.
        """
        hears, tells = self._processes.Pipe(duplex=False)
        agent = self._processes.Process(
            target=kill9_agent.main,
            args=(tells, str(self._data_dir), self._url, seconds),
            kwargs={"hasty": self._hasty, "store_url": self._store_url},
        )
        agent.start()
        tells.close()
        if at_work:
            assert hears.poll(30)
        agent.join(killed_after)
        if killed_after is not None:
            agent.kill()
            agent.join()
        with contextlib.suppress(EOFError):
            while True:
                self.acknowledged.append(hears.recv())
        return agent.exitcode


@pytest.mark.slow
@pytest.mark.timeout(size(600, 14400))
async def test_kills_lose_nothing(tmp_path: Path, receiver: Receiver) -> None:
    chance = random.Random(9)
    receiver.answer = lambda _request: 503 if chance.random() < REFUSED else None
    agents = Agents(tmp_path / "data", await receiver.start())
    for count in range(KILLS):
        life = chance.random() * LONGEST_LIFE
        starting = count % 6 == 0
        assert await asyncio.to_thread(agents.live, 60.0, life, at_work=not starting) == -9
    while len(agents.acknowledged) < CHANGES:
        assert await asyncio.to_thread(agents.live, 60.0, WORKING_LIFE, at_work=True) == -9
    assert await asyncio.to_thread(agents.live, 0.0, None) == 0
    print(f"{len(agents.acknowledged)} changes acknowledged")  # noqa: T201 - the full run's figure

    assert len(agents.acknowledged) > KILLS
    await _ledger_has(agents.acknowledged, tmp_path / "data")
    _desk_has(agents.acknowledged, receiver)
    _repeats_are_the_same(receiver)
    _order_is_kept(receiver)


async def test_kills_lose_nothing_on_postgresql(
    tmp_path: Path, receiver: Receiver, empty_store: Store, postgresql: PostgresqlServer
) -> None:
    """The next agent waits for the end of the lease; here it is ended instead."""
    chance = random.Random(9)
    receiver.answer = lambda _request: 503 if chance.random() < REFUSED else None
    agents = Agents(tmp_path / "data", await receiver.start(), store=empty_store)
    for _ in range(KILLS_ON_POSTGRESQL):
        life = chance.random() * LONGEST_LIFE
        assert await asyncio.to_thread(agents.live, 60.0, life, at_work=True) == -9
        await asyncio.to_thread(postgresql.end_lease, empty_store)
    assert await asyncio.to_thread(agents.live, 0.0, None) == 0
    assert len(agents.acknowledged) > KILLS_ON_POSTGRESQL
    await _ledger_has(agents.acknowledged, tmp_path / "data", empty_store)
    _desk_has(agents.acknowledged, receiver)
    _repeats_are_the_same(receiver)
    _order_is_kept(receiver)


@pytest.mark.slow
async def test_what_is_acknowledged_before_its_commit_is_lost(
    tmp_path: Path, receiver: Receiver
) -> None:
    chance = random.Random(9)
    agents = Agents(tmp_path / "data", await receiver.start(), hasty=True)
    for _ in range(CONTROL_KILLS):
        life = chance.random() * LONGEST_LIFE
        assert await asyncio.to_thread(agents.live, 60.0, life, at_work=True) == -9
        if await _lost(agents.acknowledged, tmp_path / "data"):
            return
    pytest.fail("an agent that acknowledges too early was not found out")


async def _ledger_has(
    acknowledged: Iterable[Acknowledged], data_dir: Path, store: Store | None = None
) -> None:
    database = await Database.open(data_dir, store)
    assert store is not None or await integrity_of(database) == "ok"
    assert all(queue.pending == 0 for queue in (await Outbox(database).queues()).values())
    await database.close()
    assert await _lost(acknowledged, data_dir, store) == []


async def _lost(
    acknowledged: Iterable[Acknowledged], data_dir: Path, store: Store | None = None
) -> list[Acknowledged]:
    """The acknowledged changes that the ledger does not have."""
    database = await Database.open(data_dir, store)
    ledger = Ledger(database)
    newest = {it[0]: await ledger.get(it[0]) for it in acknowledged}
    await database.close()
    return [
        it for it in acknowledged if (ticket := newest[it[0]]) is None or ticket.revision < it[2]
    ]


def _desk_has(acknowledged: Iterable[Acknowledged], receiver: Receiver) -> None:
    ids = set(receiver.ids())
    newest: dict[str, int] = defaultdict(int)
    for one in receiver.deliveries:
        newest[one.data["id"]] = max(newest[one.data["id"]], one.data["revision"])
    for identity, message, revision, kind in acknowledged:
        if kind == UPDATED:
            assert newest[identity] >= revision
        else:
            assert message in ids


def _repeats_are_the_same(receiver: Receiver) -> None:
    bodies = {one.webhook_id: one.body for one in receiver.deliveries}
    assert all(bodies[one.webhook_id] == one.body for one in receiver.deliveries)


def _order_is_kept(receiver: Receiver) -> None:
    revisions_by_ticket: dict[str, list[int]] = defaultdict(list)
    for one in receiver.deliveries:
        revisions = revisions_by_ticket[one.data["id"]]
        if one.data["revision"] not in revisions:
            revisions.append(one.data["revision"])
    assert all(revisions == sorted(revisions) for revisions in revisions_by_ticket.values())

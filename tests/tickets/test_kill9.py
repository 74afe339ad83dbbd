"""Many times ``kill -9`` under load: nothing acknowledged is lost, repeats keep their id.

Twenty producers work at once and the desk refuses a third of what it is sent.

Negative control: with the acknowledgement before the commit (in ``Tickets._commit``, call
``acknowledge`` ahead of the transaction), this test goes red within a few kills; with
``Outbox.recover`` left out, it goes red because rows that were being sent never arrive.
"""

import asyncio
import contextlib
import multiprocessing
import os
import random
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from agent.store.database import Database
from agent.tickets.changes import UPDATED
from agent.tickets.ledger import Ledger
from agent.tickets.outbox.outbox import Outbox
from tests.integrity import integrity_of
from tests.sinks.receiver import Receiver
from tests.tickets import kill9_agent

FULL = bool(os.environ.get("NUMWATCH_FULL"))
KILLS = 60 if FULL else 20
"""``NUMWATCH_FULL=1`` asks for sixty."""
REFUSED = 1 / 3
"""Share of the deliveries that the desk refuses."""
CHANGES = 4000 if FULL else 0
"""Ticket changes that must have been acknowledged; ``NUMWATCH_FULL=1`` asks for 4,000."""
LONGEST_LIFE = 0.3
WORKING_LIFE = 5.0

Acknowledged = tuple[str, str, int, str]
"""Ids of the ticket and of the message, revision and kind."""


class Agents:
    """Starts one agent after another on the same ledger and hears what each acknowledged."""

    def __init__(self, data_dir: Path, url: str) -> None:
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.tickets.kill9_agent"])
        self._data_dir = data_dir
        self._url = url
        self.acknowledged: list[Acknowledged] = []

    def live(
        self, seconds: float, killed_after: float | None, *, at_work: bool = False
    ) -> int | None:
        """One agent's life; gives its exit code.

        With ``at_work`` the time to its killing runs from its first acknowledgement.
        """
        hears, tells = self._processes.Pipe(duplex=False)
        agent = self._processes.Process(
            target=kill9_agent.main, args=(tells, str(self._data_dir), self._url, seconds)
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
@pytest.mark.timeout(600)
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


async def _ledger_has(acknowledged: Iterable[Acknowledged], data_dir: Path) -> None:
    database = await Database.open(data_dir)
    assert await integrity_of(database) == "ok"
    assert all(queue.pending == 0 for queue in (await Outbox(database).queues()).values())
    ledger = Ledger(database)
    for identity, _message, revision, _kind in acknowledged:
        ticket = await ledger.get(identity)
        assert ticket is not None
        assert ticket.revision >= revision
    await database.close()


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

"""The child of the kill -9 test: the real manager and dispatcher under load, until killed."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from agent.config.secret import Secret
from agent.config.settings import Settings
from agent.config.store import Store
from agent.model import Alert
from agent.sinks.dispatcher import Dispatcher
from agent.sinks.registry import build_sinks
from agent.states import NumberState
from agent.store.database import Database
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, ActionRequestError, Actor
from agent.tickets.changes import Change
from agent.tickets.draft import PreparedChange
from agent.tickets.key import webhook_id
from agent.tickets.lifecycle import ActorKind, IllegalTransitionError
from agent.tickets.manager import Tickets
from agent.tickets.outbox.outbox import Outbox
from exporters.telemetry import Telemetry
from tests.integrity import integrity_of
from tests.sinks.receiver import SECRET
from tests.tickets.scene import Scene, alert, settings

PEOPLE = 19
"""Producers beside the one that watches."""
NUMBERS = tuple(f"40062200{index:02}" for index in range(8))


def configured(url: str) -> Settings:
    desk = {
        "name": "desk",
        "kind": "webhook",
        "url": url,
        "secret": SECRET,
        "egress_allow": ["127.0.0.0/8"],
        "retry_first": 0.01,
        "retry_longest": 0.05,
    }
    # Each number has its own tickets: many of them in any order is what is tried here.
    return settings([desk], hold=0, recovery_polls=1, reopen_window=0.02, common_cause_numbers=1000)


def acknowledgement(change: Change) -> tuple[str, str, int, str]:
    ticket = change.after
    return ticket.id, webhook_id(ticket), ticket.revision, change.kind


class HastyTickets(Tickets):
    """The negative control: what it writes is acknowledged before it is committed."""

    acknowledged: Connection

    async def _commit(self, prepared: Sequence[PreparedChange], written: list[Change]) -> None:
        for it in prepared:
            self.acknowledged.send(acknowledgement(it.change))
        await super()._commit(prepared, written)


def load(random_source: random.Random, now: float) -> list[Alert]:
    firing = random_source.sample(NUMBERS, random_source.randint(0, len(NUMBERS)))
    return [
        alert(severity=random_source.choice(("critical", "warning")), number=number, at=now)
        for number in firing
    ]


async def watch(tickets: Tickets, scene: Scene, acknowledged: Connection, end: float) -> None:
    """One producer: alerts and facts."""
    random_source = random.Random()
    while time.monotonic() < end:
        now = time.time()
        alerts = load(random_source, now)
        scene.poll(time.time())
        for change in await tickets.observe(alerts, scene.fleet, time.time()):
            acknowledged.send(acknowledgement(change))


async def say(tickets: Tickets, name: str, acknowledged: Connection, end: float) -> None:
    """Another producer: a person who comments on whatever stands."""
    random_source = random.Random()
    request = ActionRequest(TicketAction.COMMENT, Actor(ActorKind.PERSON, name), "looked into it")
    while time.monotonic() < end:
        open_tickets = tickets.open
        if open_tickets:
            with suppress(ActionRequestError, IllegalTransitionError):
                change = await tickets.act(
                    random_source.choice(open_tickets).id, request, time.time()
                )
                if change is not None:
                    acknowledged.send(acknowledgement(change))
        await asyncio.sleep(random_source.random() / 100)


async def settled(database: Database) -> None:
    """Wait until the desk has heard everything."""
    outbox = Outbox(database)
    async with asyncio.timeout(60):
        while any(queue.pending for queue in (await outbox.queues()).values()):  # noqa: ASYNC110 - the ledger is asked
            await asyncio.sleep(0.02)


async def work(
    acknowledged: Connection,
    data_dir: Path,
    url: str,
    seconds: float,
    *,
    hasty: bool,
    store: Store | None = None,
) -> None:
    chosen = configured(url)
    scene = Scene(states=dict.fromkeys(NUMBERS, NumberState.ACTIVE))
    database = await Database.open(data_dir, store)
    sinks = build_sinks(chosen.sinks)
    dispatcher = Dispatcher(database, sinks, Telemetry())
    kind = HastyTickets if hasty else Tickets
    tickets = kind(database, chosen, scene.diagnose, scene.recovery, dispatcher.wake)
    if isinstance(tickets, HastyTickets):
        tickets.acknowledged = acknowledged
    await dispatcher.start()
    end = time.monotonic() + seconds
    people = (say(tickets, f"person-{index}", acknowledged, end) for index in range(PEOPLE))
    await asyncio.gather(watch(tickets, scene, acknowledged, end), *people)
    await settled(database)
    await dispatcher.stop(grace=60)
    assert store is not None or await integrity_of(database) == "ok"
    await database.close()


def main(
    acknowledged: Connection,
    data_dir: str,
    url: str,
    seconds: float,
    *,
    hasty: bool = False,
    store_url: str = "",
) -> None:
    store = Store(url=Secret(store_url)) if store_url else None
    asyncio.run(work(acknowledged, Path(data_dir), url, seconds, hasty=hasty, store=store))

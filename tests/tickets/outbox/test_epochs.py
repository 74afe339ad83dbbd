"""One owner of a sink after the other: what the former one was sending is the later one's.

Negative control: a row that carries no epoch is recorded by whoever sent it once, and queued again
by whoever starts.
"""

from agent.store.database import Database
from agent.tickets.outbox.outbox import Outbox
from tests.sinks.change_writer import ChangeWriter
from tests.tickets.scene import START


async def test_a_former_owner_records_nothing_of_what_a_later_one_sends(
    database: Database,
) -> None:
    former, later = Outbox(database), Outbox(database)
    await ChangeWriter(database, "desk").opened()
    await former.recover("desk", START)
    stale = await former.claim("desk", START)
    assert await later.recover("desk", START) == 1
    again = await later.claim("desk", START)
    assert stale is not None
    assert again is not None
    assert again.epoch > stale.epoch
    await former.delivered([stale], START)
    await former.retry(stale, "timeout", START, START)
    await former.bury(stale, "timeout", START)
    assert (await later.queues())["desk"].pending == 1
    assert await later.claim("desk", START) is None, "it is still being sent"
    await later.delivered([again], START)
    assert await later.queues() == {}


async def test_a_former_owner_takes_nothing_back_from_a_later_one(database: Database) -> None:
    former, later = Outbox(database), Outbox(database)
    await ChangeWriter(database, "desk").opened()
    await former.recover("desk", START)
    await later.recover("desk", START)
    assert await later.claim("desk", START) is not None
    assert await former.release("desk") == 0
    assert await later.release("desk") == 1


async def test_taking_one_sink_over_leaves_the_others(database: Database) -> None:
    desk, mirror = Outbox(database), Outbox(database)
    await ChangeWriter(database, "desk", "mirror").opened()
    await mirror.recover("mirror", START)
    sending = await mirror.claim("mirror", START)
    assert sending is not None
    assert await desk.recover("desk", START) == 0
    await mirror.delivered([sending], START)
    assert set(await desk.queues()) == {"desk"}


async def test_a_sink_that_is_configured_again_is_taken_up(database: Database) -> None:
    """It was being sent when the sink was taken out of the configuration and the agent ended."""
    former, later = Outbox(database), Outbox(database)
    await ChangeWriter(database, "desk").opened()
    await former.recover("desk", START)
    assert await former.claim("desk", START) is not None
    assert await later.release("desk") == 1
    assert await later.claim("desk", START) is not None


async def test_the_epoch_of_a_lease_stands_for_that_of_the_ledger(database: Database) -> None:
    """Rows of a ledger that was copied may have a higher one."""
    former, later = Outbox(database), Outbox(database)
    await ChangeWriter(database, "desk").opened()
    await former.recover("desk", START, epoch=7)
    assert await former.claim("desk", START) is not None
    assert await later.recover("desk", START, epoch=2) == 1

"""Cases 14, 15, 30, 31 of docs/reference/ticketing.md §7: repeats, flaps, malformed alerts."""

from agent.states import NumberState
from agent.tickets.outbox.outbox import Outbox
from tests.tickets.scene import NUMBER, alert
from tests.tickets.trackers.conftest import Bridge
from tests.webhooks.conftest import OURS, START, entry, message


async def test_case_14_a_repeat_without_change_writes_nothing(bridge: Bridge) -> None:
    bridge.down()
    await bridge.tell(entry())
    (opened,) = await bridge.round()
    for _ in range(5):
        await bridge.tell(entry())
        assert await bridge.round() == ()
    assert await bridge.run.kinds() == ["ticket.opened"]
    # Control: a change is written and told.
    await bridge.tell(entry(OURS | {"severity": "warning"}), entry(ends=START + 90))
    (changed,) = await bridge.round()
    assert changed.after.revision == opened.after.revision + 1


async def test_case_15_twenty_flaps_in_an_hour(bridge: Bridge) -> None:
    for _ in range(20):
        bridge.down()
        await bridge.run.step(alert(at=bridge.run.now), seconds=60)
        bridge.up()
        await bridge.run.step(seconds=60)
        await bridge.run.step(seconds=60)
    (ticket,) = bridge.open
    assert await bridge.total() == 1
    flaps = [entry for entry in ticket.timeline if entry.event == "flapped"]
    assert len(flaps) == 1
    assert ticket.progress.flaps >= 19
    closed = (await bridge.run.until_closed())[-1].after
    summary = [entry.reason for entry in closed.timeline if "came back" in entry.reason]
    assert "after coming back" in closed.timeline[-2].reason
    assert len(summary) == 1
    assert len(await bridge.run.kinds()) <= 6


async def test_case_30_one_bad_alert_in_a_batch_loses_no_other(bridge: Bridge) -> None:
    bridge.down()
    quiet = entry(OURS | {"ticket": "false", "number": "4006220002"})
    bad = {"status": "firing", "labels": "none"}
    await bridge.tell(bad, quiet, entry(), entry(), None)
    await bridge.round()
    assert [ticket.subject.number for ticket in bridge.open] == [NUMBER]


async def test_case_31_an_escaped_receiver_and_fields_nobody_knows(bridge: Bridge) -> None:
    bridge.down()
    await bridge.tell(entry(), receiver=r"num\.watch", notification_reason="new", surprise=[1])
    await bridge.round()
    assert len(bridge.open) == 1


async def test_case_31_a_body_of_another_version_is_refused_and_counted(bridge: Bridge) -> None:
    await bridge.hook.post(message(entry()) | {"version": "3"}, status=400)
    await bridge.hook.post({"text": "an alert"}, status=400)
    assert await bridge.rounds(2) == []
    outbox = Outbox(bridge.hook.database)
    assert await outbox.queues() == {}
    bridge.scene.states[NUMBER] = NumberState.ACTIVE

"""Cases 1, 6, 7, 8 and 28 of docs/reference/ticketing.md §7: one fault is one ticket.

The negative control of each is the assertion that something else really is another ticket:
:func:`test_another_fault_is_another_ticket`.
"""

import asyncio

from agent.states import Severity
from tests.tickets.scene import NUMBER, alert
from tests.tickets.trackers.conftest import Bridge
from tests.webhooks.conftest import OURS, START, entry

GROUP = '{}/{team="voice"}:{number="4006220001"}'


async def test_case_01_three_peers_at_once(bridge: Bridge) -> None:
    bridge.down()
    await asyncio.gather(*(bridge.tell(entry()) for _ in range(3)))
    await asyncio.gather(bridge.round(), bridge.round(), bridge.round())
    assert len(bridge.open) == await bridge.total() == 1
    assert await bridge.run.kinds() == ["ticket.opened"]


async def test_case_06_the_route_is_edited_in_the_middle(bridge: Bridge) -> None:
    bridge.down()
    await bridge.tell(entry())
    await bridge.round()
    await bridge.tell(entry(), groupKey=GROUP, receiver="numwatch-new")
    assert await bridge.rounds(3) == []
    await bridge.tell(entry(ends=bridge.run.now), groupKey=GROUP)
    bridge.up()
    await bridge.run.until_closed()
    assert await bridge.total() == 1


async def test_case_07_two_routes_tell_the_same_fault(bridge: Bridge) -> None:
    bridge.down()
    await bridge.tell(entry(), groupKey="{}:{}")
    await bridge.tell(entry(), groupKey=GROUP, receiver="second")
    await bridge.round()
    assert await bridge.total() == 1


async def test_case_07_two_environments_have_the_same_labels(bridge: Bridge) -> None:
    both = [OURS | {"alertname": "HostDown", "env": env, "provider": ""} for env in ("a", "b")]
    foreign = [
        {name: text for name, text in labels.items() if name in ("alertname", "env", "severity")}
        for labels in both
    ]
    await bridge.tell(*(entry(labels) for labels in foreign))
    await bridge.round()
    assert await bridge.total() == 2


async def test_case_08_the_severity_changes_and_the_resolve_finds_it(bridge: Bridge) -> None:
    bridge.down()
    warning, critical = OURS | {"severity": "warning"}, OURS
    await bridge.tell(entry(warning))
    await bridge.round()
    await bridge.tell(entry(warning, ends=START + 90), entry(critical, starts=START + 60))
    (escalated,) = await bridge.round()
    assert escalated.after.severity is Severity.CRITICAL
    assert escalated.kind == "ticket.escalated"
    await bridge.tell(entry(critical, starts=START + 60, ends=bridge.run.now))
    bridge.up()
    await bridge.run.until_closed()
    assert await bridge.total() == 1


async def test_case_28_told_again_after_five_days(bridge: Bridge) -> None:
    bridge.down()
    await bridge.tell(entry())
    await bridge.round()
    for _day in range(6):
        await bridge.round(seconds=86400)
        await bridge.tell(entry())
        assert await bridge.round() == ()
    await bridge.hook.restart()
    bridge.run.restart()
    assert await bridge.total() == 1


async def test_both_alert_sources_meet_in_one_ticket(bridge: Bridge) -> None:
    bridge.down()
    await bridge.tell(entry())
    bridge.hook.clock.now += 60
    await bridge.run.step(*await bridge.hook.firing(), alert(team="east"))
    await bridge.run.step(alert())
    assert await bridge.total() == 1


async def test_another_fault_is_another_ticket(bridge: Bridge) -> None:
    other = "4006220002"
    bridge.down(NUMBER, other)
    await bridge.tell(entry(), entry(OURS | {"number": other}))
    await bridge.round()
    assert await bridge.total() == 2

"""Cases 9 to 13 and 16 of docs/reference/ticketing.md §7: a ticket ends with its fault.

The negative control of each: the same steps with the facts good, at the end of the test or in
:func:`test_the_same_with_a_resolve_that_counts_closes`.
"""

import pytest

from agent.states import NumberState, PollFailure, Stage
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, Actor
from agent.tickets.lifecycle import ActorKind
from tests.tickets.scene import NUMBER
from tests.tickets.trackers.conftest import Bridge
from tests.webhooks.conftest import OURS, START, entry

OTHER = "4006220002"
LI = Actor(ActorKind.PERSON, "li.wei")


async def broken(bridge: Bridge) -> None:
    bridge.down()
    await bridge.tell(entry())
    await bridge.round()


async def test_case_09_a_partial_resolve_keeps_the_rest_open(bridge: Bridge) -> None:
    bridge.down(NUMBER, OTHER)
    other = OURS | {"number": OTHER}
    await bridge.tell(entry(), entry(other))
    await bridge.round()
    bridge.up(NUMBER)
    await bridge.tell(entry(ends=START + 90), entry(other))
    await bridge.rounds(8)
    assert [ticket.subject.number for ticket in bridge.open] == [OTHER]


async def test_case_10_a_resolve_that_leaves_alerts_out_proves_nothing(bridge: Bridge) -> None:
    await broken(bridge)
    bridge.up()
    await bridge.tell(entry(ends=START + 90), truncatedAlerts=3)
    await bridge.rounds(8)
    assert len(bridge.open) == 1


async def test_the_same_with_a_resolve_that_counts_closes(bridge: Bridge) -> None:
    await broken(bridge)
    bridge.up()
    await bridge.tell(entry(ends=START + 90))
    await bridge.rounds(8)
    assert bridge.open == ()


async def test_case_11_a_resolve_while_it_is_still_down_closes_nothing(bridge: Bridge) -> None:
    await broken(bridge)
    await bridge.tell(entry(ends=START + 90))
    await bridge.rounds(8)
    assert len(bridge.open) == 1
    bridge.up()
    await bridge.rounds(8)
    assert bridge.open == ()


async def test_case_12_a_resolve_of_what_is_not_known_opens_nothing(bridge: Bridge) -> None:
    await bridge.tell(entry(ends=START + 90))
    assert await bridge.rounds(2) == []
    assert await bridge.total() == 0


async def test_case_12_a_late_resolve_after_it_fired_again_is_ignored(bridge: Bridge) -> None:
    await broken(bridge)
    await bridge.tell(entry(starts=START + 100))
    await bridge.tell(entry(ends=START + 30))
    bridge.up()
    await bridge.rounds(8)
    assert len(bridge.open) == 1


async def test_case_13_a_gap_in_the_data_is_unknown(bridge: Bridge) -> None:
    await broken(bridge)
    await bridge.tell(entry(ends=START + 90))
    for _ in range(30):
        await bridge.run.step(failure=PollFailure.TIMEOUT)
    bridge.scene.states[NUMBER] = NumberState.UNKNOWN
    await bridge.rounds(10)
    assert len(bridge.open) == 1
    bridge.up()
    await bridge.rounds(8)
    assert bridge.open == ()


@pytest.mark.parametrize(("pause", "tickets"), [(1500, 1), (1900, 2)])
async def test_case_16_inside_and_outside_the_reopen_window(
    bridge: Bridge, pause: float, tickets: int
) -> None:
    await broken(bridge)
    bridge.up()
    await bridge.tell(entry(ends=START + 90))
    await bridge.rounds(8)
    await bridge.round(seconds=pause)
    bridge.down()
    await bridge.tell(entry(starts=bridge.run.now))
    await bridge.round(seconds=1)
    assert await bridge.total() == tickets
    (ticket,) = bridge.open
    assert ticket.episode == tickets
    assert (ticket.previous != "") is (tickets == 2)


@pytest.mark.parametrize(("resolution", "stands"), [("wont_fix", False), ("fixed", True)])
async def test_case_16_closed_by_a_person_while_it_fires(
    bridge: Bridge, resolution: str, stands: bool
) -> None:
    await broken(bridge)
    request = ActionRequest(TicketAction.CLOSE, LI, "because", {"resolution": resolution})
    change = await bridge.run.tickets.act(bridge.open[0].id, request, bridge.run.now)
    assert change is not None
    assert change.after.stage is Stage.CLOSED
    await bridge.rounds(8)
    assert bool(bridge.open) is stands
    assert await bridge.total() == 1

"""A person's close while the fault goes on: respected, reopened or muted, and told why."""

import pytest

from agent.states import NumberState, Stage
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, Actor
from agent.tickets.changes import Change
from agent.tickets.forms import MUTING, Resolution, resolution_of
from agent.tickets.ledger import Filter
from agent.tickets.lifecycle import ActorKind
from agent.tickets.ticket import Ticket
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, alert

LI = Actor(ActorKind.PERSON, "li.wei")
HOLD, WINDOW = 120, 1800
DOWN = NumberState.SUSPENDED_VIOLATION


async def closed(run: Run, resolution: str, **fields: str) -> Ticket:
    """The ticket of a number that is down, closed by a person; the number stays down."""
    run.scene.states[NUMBER] = DOWN
    await run.step(alert())
    return await close(run, run.tickets.open[0], resolution, **fields)


async def close(run: Run, ticket: Ticket, resolution: str, **fields: str) -> Ticket:
    request = ActionRequest(TicketAction.CLOSE, LI, "because", {"resolution": resolution, **fields})
    change = await run.tickets.act(ticket.id, request, run.now)
    assert change is not None
    return change.after


async def rounds(run: Run, count: int, *alerts: object) -> list[Change]:
    return [change for _ in range(count) for change in await run.step(*alerts)]


async def test_said_to_be_repaired_it_is_reopened_when_it_is_not(run: Run) -> None:
    before = await closed(run, "fixed")
    assert await run.step(alert()) == ()
    (reopened,) = await rounds(run, 5, alert())
    assert reopened.kind == "ticket.reopened"
    assert reopened.after.id == before.id
    reason = reopened.after.timeline[len(before.timeline)].reason
    assert reason == "li.wei closed it as restored 120 s ago, and NumberNotActive fires still"
    assert reopened.after.closed_by == ""


async def test_said_to_be_repaired_and_repaired_it_stays_closed(run: Run) -> None:
    await closed(run, "fixed")
    run.scene.states[NUMBER] = NumberState.ACTIVE
    assert await rounds(run, 10) == []


async def test_reopened_however_late_it_is_seen_to_go_on(run: Run) -> None:
    before = await closed(run, "fixed")
    (reopened,) = await run.step(alert(), seconds=WINDOW * 2)
    assert (reopened.after.id, reopened.kind) == (before.id, "ticket.reopened")


@pytest.mark.parametrize("resolution", sorted(MUTING))
async def test_left_alone_it_opens_nothing_however_long_it_goes_on(
    run: Run, resolution: Resolution
) -> None:
    before = await closed(run, resolution.value)
    (muted,) = await rounds(run, 50, alert())
    assert muted.kind == ""
    assert muted.after.stage is Stage.CLOSED
    assert muted.after.timeline[-1].event == "muted"
    assert f"li.wei closed it as {resolution}" in muted.after.timeline[-1].reason
    run.restart()
    assert await rounds(run, 5, alert()) == []
    kinds = await run.kinds()
    assert kinds == ["ticket.opened", "ticket.closed"]
    assert (await run.ledger.list(Filter())).total == 1
    assert (await run.ledger.get(before.id)).muted  # type: ignore[union-attr]


async def test_the_mute_ends_with_the_fault_and_a_new_break_is_a_new_ticket(run: Run) -> None:
    before = await closed(run, "wont_fix")
    await rounds(run, 3, alert())
    run.scene.states[NUMBER] = NumberState.ACTIVE
    (over,) = await rounds(run, 10)
    assert over.after.timeline[-1].event == "mute_ended"
    assert not over.after.muted
    run.scene.states[NUMBER] = DOWN
    (again,) = await run.step(alert(at=run.now + WINDOW + 1), seconds=WINDOW + 1)
    assert (again.kind, again.after.previous) == ("ticket.opened", before.id)


async def test_a_mute_holds_while_nothing_is_known(run: Run) -> None:
    await closed(run, "wont_fix")
    await rounds(run, 2, alert())
    run.scene.states[NUMBER] = NumberState.UNKNOWN
    assert await rounds(run, 20) == []
    assert await rounds(run, 5, alert()) == []


async def test_a_common_cause_that_is_none_gives_each_number_its_own_ticket(run: Run) -> None:
    numbers = [f"40062200{index:02}" for index in range(1, 5)]
    run.scene.states = dict.fromkeys(numbers, DOWN)
    alerts = [alert(number=number, at=run.now) for number in numbers]
    await run.step(*alerts[:2])
    await run.step(*alerts)
    root = next(it for it in run.tickets.open if it.members)
    ended = await close(run, root, "not_common")
    assert ended.resolution == Resolution.NOT_COMMON
    await rounds(run, 3, *alerts)
    stages = {it.subject.number: it.stage for it in run.tickets.open}
    assert stages == dict.fromkeys(numbers, Stage.DIAGNOSING)
    assert all(it.parent == "" for it in run.tickets.open)


async def test_a_muted_common_cause_mutes_its_numbers(run: Run) -> None:
    numbers = [f"40062200{index:02}" for index in range(1, 5)]
    run.scene.states = dict.fromkeys(numbers, DOWN)
    alerts = [alert(number=number, at=run.now) for number in numbers]
    await run.step(*alerts)
    await close(run, run.tickets.open[0], "planned")
    assert [it.after.timeline[-1].event for it in await rounds(run, 5, *alerts)] == ["muted"]
    assert await rounds(run, 5, *alerts[:2]) == []
    assert run.tickets.open == ()
    run.scene.states = dict.fromkeys(numbers, NumberState.ACTIVE)
    assert [it.after.timeline[-1].event for it in await rounds(run, 9)] == ["mute_ended"]


async def test_a_common_cause_dissolves_when_each_number_has_another_one(run: Run) -> None:
    numbers = [f"40062200{index:02}" for index in range(1, 4)]
    run.scene.states = dict.fromkeys(numbers, DOWN)
    alerts = [alert(number=number, at=run.now) for number in numbers]
    await run.step(*alerts)
    other = (NumberState.EXPIRED, NumberState.FROZEN, NumberState.SUSPENDED_ARREARS)
    run.scene.states = dict(zip(numbers, other, strict=True))
    changes = await run.step(*alerts)
    assert sorted(it.kind for it in changes).count("ticket.opened") == 3
    (root,) = [it.after for it in changes if it.kind == "ticket.closed"]
    assert root.resolution == Resolution.NOT_COMMON
    assert {it.left_for for it in root.members} == {"other_cause"}


async def test_a_number_gone_for_a_day_closes_its_ticket_and_says_so(run: Run) -> None:
    run.scene.states["4006220009"] = NumberState.ACTIVE
    await run.step(alert())
    del run.scene.states[NUMBER]
    (missed,) = await rounds(run, 3)
    assert missed.after.timeline[-1].reason.startswith(f"{NUMBER} is no longer listed at north/hq")
    assert await run.step(seconds=86000) == ()
    (ended,) = await run.step(seconds=1000)
    assert (ended.kind, ended.after.resolution) == ("ticket.closed", Resolution.GONE)
    assert ended.after.outcome == "gone"


async def test_a_number_that_comes_back_keeps_its_ticket(run: Run) -> None:
    run.scene.states["4006220009"] = NumberState.ACTIVE
    await run.step(alert())
    del run.scene.states[NUMBER]
    await rounds(run, 3)
    run.scene.states[NUMBER] = NumberState.UNKNOWN
    await rounds(run, 3)
    assert await run.step(seconds=100_000) == ()
    assert len(run.tickets.open) == 1


async def test_an_account_that_is_no_longer_watched_leaves_no_ticket_behind(run: Run) -> None:
    await run.step(alert("BalanceStop", "account", "balance", account="closed"))
    await run.step()
    (ended,) = await run.step(seconds=86500)
    assert ended.after.resolution == Resolution.GONE
    assert "north/closed is no longer watched" in ended.after.timeline[-1].reason


@pytest.mark.parametrize(
    ("word", "resolution"),
    [
        ("Won't Fix", Resolution.WONT_FIX),
        ("won’t do", Resolution.WONT_FIX),
        ("Cannot Reproduce", Resolution.FALSE_ALARM),
        ("Done", Resolution.RESTORED),
        ("", Resolution.RESTORED),
        ("something else", Resolution.RESTORED),
        ("not-common", Resolution.NOT_COMMON),
    ],
)
def test_how_ticket_systems_say_it(word: str, resolution: Resolution) -> None:
    assert resolution_of(word) is resolution

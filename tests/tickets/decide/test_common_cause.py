"""Several numbers that break alike at about the same time: one ticket with a member ledger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.states import BindingState, NumberState, Scope, Severity, Stage
from agent.store.database import Database
from agent.tickets.decide.common_cause import Threshold, common_faults, groups_of, kin_of
from agent.tickets.decide.faults import Fault, Traits, faults_of
from agent.tickets.ledger import Filter
from agent.tickets.ticket import Ticket
from tests.tickets.driver import Run
from tests.tickets.scene import START, Scene, alert

NUMBERS = tuple(f"40062200{index:02}" for index in range(1, 6))
VIOLATION, ARREARS = NumberState.SUSPENDED_VIOLATION, NumberState.SUSPENDED_ARREARS
EXPIRED, ACTIVE = NumberState.EXPIRED, NumberState.ACTIVE


def down(run: Run, *numbers: str, since: float | None = None, state: NumberState = VIOLATION):
    """The alerts of numbers that went down now, or at ``since``."""
    run.scene.states.update(dict.fromkeys(numbers, state))
    return [alert(number=number, at=since or run.now) for number in numbers]


@pytest.fixture
def five(run: Run) -> Run:
    run.scene.states = dict.fromkeys(NUMBERS, ACTIVE)
    return run


def opened(run: Run) -> list[tuple[str, str]]:
    """Scope and symptom of every ticket that stands for itself."""
    present_members = [it for it in run.tickets.open if it.stage is not Stage.SUPPRESSED]
    return sorted((it.subject.scope.value, it.subject.symptom) for it in present_members)


def parent(run: Run) -> Ticket:
    (causes,) = (it for it in run.tickets.open if it.members)
    return causes


def present_members(ticket: Ticket) -> set[str]:
    return {it.subject.number for it in ticket.members if it.left_at is None}


async def test_three_at_once_are_one_ticket_opened_with_its_members(five: Run) -> None:
    (change,) = await five.step(*down(five, *NUMBERS[:3]))
    assert change.kind == "ticket.opened"
    assert opened(five) == [("provider", "provider_outage")]
    assert present_members(change.after) == set(NUMBERS[:3])
    assert change.after.alerts == ("NumberNotActive",)
    assert change.after.severity is Severity.CRITICAL
    assert change.after.timeline[0].reason == "3 numbers share a cause: NumberNotActive"
    assert "Several numbers of provider north" in change.after.text.title


async def test_two_are_two(five: Run) -> None:
    await five.step(*down(five, *NUMBERS[:2]))
    assert opened(five) == [("number", "number_down")] * 2


async def test_another_state_is_another_cause(five: Run) -> None:
    await five.step(
        *down(five, *NUMBERS[:2], state=VIOLATION),
        *down(five, *NUMBERS[2:4], state=ARREARS),
        *down(five, NUMBERS[4], state=EXPIRED),
    )
    assert opened(five) == [("number", "number_down")] * 5


async def test_what_had_a_ticket_of_its_own_is_folded_in_and_its_end_is_told(five: Run) -> None:
    first = down(five, *NUMBERS[:2], state=ARREARS)
    await five.step(*first)
    third = down(five, NUMBERS[2], state=ARREARS)
    await five.step(*first, *third, seconds=600)
    root = parent(five)
    assert opened(five) == [("account", "numbers_suspended_arrears")]
    assert present_members(root) == set(NUMBERS[:3])
    folded = [it for it in five.tickets.open if it.stage is Stage.SUPPRESSED]
    assert [it.parent for it in folded] == [root.id, root.id]
    five.scene.states = dict.fromkeys(NUMBERS, ACTIVE)
    endings = [(it.after.subject.scope, it.kind) for it in await five.until_closed()]
    assert endings.count((Scope.NUMBER, "ticket.resolved")) == 2
    assert endings.count((Scope.NUMBER, "ticket.closed")) == 2
    assert endings.count((Scope.ACCOUNT, "ticket.closed")) == 1


@pytest.mark.parametrize(("gap", "one"), [(1800.0, True), (1801.0, False)])
async def test_the_window_is_half_an_hour(five: Run, gap: float, one: bool) -> None:
    early = down(five, *NUMBERS[:2], since=START)
    late = down(five, NUMBERS[2], since=START + gap)
    await five.step(*early, *late, seconds=2000)
    assert (len(opened(five)) == 1) is one


async def test_what_broke_long_before_is_no_part_of_it(five: Run) -> None:
    old = down(five, NUMBERS[0], since=START, state=ARREARS)
    await five.step(*old)
    new = down(five, *NUMBERS[1:4], since=five.now + 7200, state=ARREARS)
    await five.step(*old, *new, seconds=7200)
    assert opened(five) == [("account", "numbers_suspended_arrears"), ("number", "number_down")]
    assert present_members(parent(five)) == set(NUMBERS[1:4])


async def test_late_joiners_partial_restore_and_one_end(five: Run) -> None:
    alerts = down(five, *NUMBERS[:3])
    await five.step(*alerts)
    late = down(five, NUMBERS[3])
    await five.step(*alerts, *late, seconds=7200)
    assert present_members(parent(five)) == set(NUMBERS[:4])
    five.scene.states.update(dict.fromkeys(NUMBERS[:3], ACTIVE))
    for _ in range(10):
        await five.step(*late)
    assert opened(five) == [("provider", "provider_outage")]
    assert present_members(parent(five)) == {NUMBERS[3]}
    assert {it.left_for for it in parent(five).members if it.left_at} == {"restored"}
    five.scene.states[NUMBERS[3]] = ACTIVE
    kinds = [it.kind for it in await five.until_closed()]
    assert kinds.count("ticket.closed") == 1
    assert (await five.ledger.list(Filter())).total == 1


async def test_it_stays_open_while_nothing_is_known_of_a_member(five: Run) -> None:
    await five.step(*down(five, *NUMBERS[:3]))
    five.scene.states = {**dict.fromkeys(NUMBERS, ACTIVE), NUMBERS[0]: NumberState.UNKNOWN}
    for _ in range(15):
        await five.step()
    assert present_members(parent(five)) == {NUMBERS[0]}


async def test_a_member_with_another_cause_gets_its_own_ticket(five: Run) -> None:
    alerts = down(five, *NUMBERS[:4])
    await five.step(*alerts)
    five.scene.states[NUMBERS[0]] = ARREARS
    await five.step(*alerts)
    assert opened(five) == [("number", "number_down"), ("provider", "provider_outage")]
    (left,) = (it for it in parent(five).members if it.left_at is not None)
    assert (left.subject.number, left.left_for) == (NUMBERS[0], "other_cause")


async def test_the_rule_about_outages_meets_it_in_one_ticket(five: Run) -> None:
    alerts = down(five, *NUMBERS[:3])
    await five.step(*alerts)
    outage = alert("ProviderOutage", "provider", "provider_outage", at=five.now)
    await five.step(*alerts, outage)
    await five.step(*alerts)
    assert (await five.ledger.list(Filter())).total == 1


async def test_an_empty_account_takes_over_the_numbers_it_has_stopped(five: Run) -> None:
    alerts = down(five, *NUMBERS[:3], state=ARREARS)
    await five.step(*alerts)
    five.scene.balance = 2
    stop = alert("BalanceStop", "account", "balance", "critical", at=five.now)
    await five.step(*alerts, stop)
    assert opened(five) == [("account", "balance")]
    folded = next(it for it in five.tickets.open if it.stage is Stage.SUPPRESSED)
    assert folded.subject.symptom == "numbers_suspended_arrears"
    reasons = [entry.reason for entry in folded.timeline]
    assert "its numbers are explained by balance of the account" in reasons


async def test_a_carrier_is_wider_than_its_providers(database: Database) -> None:
    numbers = {("north", NUMBERS[0]), ("north", NUMBERS[1]), ("south", NUMBERS[2])}
    faults = faults_of(
        [alert(number=number, provider=provider) for provider, number in numbers], ["critical"]
    )
    traits = dict.fromkeys(faults, Traits(VIOLATION, "unicom"))
    causes = common_faults(groups_of(faults.values(), traits), {}, {}, Threshold())
    assert [it.subject.symptom for it in causes.values()] == ["carrier_outage"]


async def test_numbers_that_ring_the_same_dead_phone_have_one_ticket(five: Run) -> None:
    five.scene.phones = {"b1": BindingState.ARREARS, "b2": BindingState.OK}
    phones = [
        alert("BindingSuspended", "binding", "binding_down", "warning", number=number)
        for number in NUMBERS[:3]
    ]
    await five.step(*phones)
    assert opened(five) == [("trunk", "landing_down")]
    landing_ids = await five.ledger.landing_ids()
    assert parent(five).subject.binding == landing_ids.of("13800000001")
    assert "13800000001" not in str(parent(five))
    five.scene.phones["b1"] = BindingState.OK
    await five.until_closed()


async def test_a_restart_in_the_middle_changes_nothing(five: Run) -> None:
    alerts = down(five, *NUMBERS[:3])
    await five.step(*alerts)
    five.restart()
    assert await five.step(*alerts) == ()
    assert opened(five) == [("provider", "provider_outage")]


async def test_a_second_storm_after_the_window_is_a_new_linked_ticket(five: Run) -> None:
    await five.step(*down(five, *NUMBERS[:3]))
    five.scene.states = dict.fromkeys(NUMBERS, ACTIVE)
    first = (await five.until_closed())[-1].after
    (again,) = await five.step(*down(five, *NUMBERS[:4], since=five.now + 1900), seconds=1900)
    assert (again.after.episode, again.after.previous) == (2, first.id)
    assert present_members(again.after) == set(NUMBERS[:4])


def slow_cluster(times: list[float], least: int, window: float) -> set[float]:
    """Which of the break times belong to a common cause, worked out the plain way."""
    for start in sorted(times):
        if sum(start <= at <= start + window for at in times) >= least:
            return {at for at in times if at >= start}
    return set()


@given(
    times=st.lists(st.integers(0, 8000), unique=True, max_size=12),
    least=st.integers(2, 4),
    window=st.integers(1, 3000),
)
def test_clusters_are_those_of_a_plain_count(times: list[int], least: int, window: int) -> None:
    alerts = [alert(number=f"400{at:07}", at=START + at) for at in times]
    faults = faults_of(alerts, ["critical"])
    traits = dict.fromkeys(faults, Traits(ARREARS))
    groups = groups_of(faults.values(), traits)
    causes = common_faults(groups, {}, {}, Threshold(least, float(window)))
    started = slow_cluster([START + at for at in times], least, window)
    if not started:
        assert causes == {}
        return
    (common,) = causes.values()
    assert common.since == min(started)
    assert common.reason.startswith(f"{len(started)} numbers")


def test_nothing_wider_lies_behind_what_is_no_number(run: Run) -> None:
    (fault,) = faults_of([alert("BalanceStop", "account", "balance")], ["critical"]).values()
    assert isinstance(fault, Fault)
    assert list(kin_of(fault.subject, Traits())) == []


async def test_losing_a_phone_and_the_redundancy_with_it_is_one_ticket(run: Run) -> None:
    run.scene.phones = {"b1": BindingState.ARREARS, "b2": BindingState.OK}
    phone = alert("BindingDown", "binding", "binding_down", "warning")
    lost = alert("RedundancyLost", "number", "redundancy", "warning")
    await run.step(phone, lost)
    assert opened(run) == [("binding", "binding_down")]
    assert [it.subject.symptom for it in parent(run).members] == ["redundancy"]
    run.scene.phones["b1"] = BindingState.OK
    await run.until_closed()
    assert (await run.ledger.list(Filter())).total == 1


@pytest.mark.parametrize("phone_first", [True, False])
async def test_whichever_of_the_two_is_told_first_takes_the_other(
    database: Database, phone_first: bool
) -> None:
    run = Run(database, Scene(phones={"b1": BindingState.ARREARS, "b2": BindingState.OK}))
    phone = alert("BindingDown", "binding", "binding_down", "warning")
    lost = alert("RedundancyLost", "number", "redundancy", "warning")
    await run.step(phone if phone_first else lost)
    await run.step(phone, lost)
    run.restart()
    await run.step(phone, lost)
    assert (await run.ledger.list(Filter())).total == 1

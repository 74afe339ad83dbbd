"""Root first: what a wider fault explains joins its ticket, and only that."""

import pytest

from agent.states import BindingState, NumberState, PollFailure, Stage
from agent.store.database import Database
from agent.tickets.ledger import Filter
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, START, Scene, alert, verdict

OUTAGE = alert("ProviderDown", "provider", "provider_api")


async def test_a_provider_outage_is_one_ticket_with_members(run: Run) -> None:
    await run.step(OUTAGE, alert(), alert("PhoneDown", "binding", "binding_down"))
    (ticket,) = run.tickets.open
    assert ticket.subject.scope == "provider"
    assert {member.subject.scope for member in ticket.members} == {"number", "binding"}
    assert (await run.ledger.list(Filter())).total == 1
    await run.kinds()
    (left,) = await run.step(OUTAGE, alert())
    assert left.after.timeline[-1].event == "member_left"
    closed = (await run.until_closed())[-1].after
    assert all(member.left_at is not None for member in closed.members)


async def test_a_storm_below_one_root_is_one_ticket_and_one_line(run: Run) -> None:
    storm = [alert(number=f"400{index:07}") for index in range(2000)]
    await run.step(OUTAGE, *storm)
    (ticket,) = run.tickets.open
    assert len(ticket.members) == 2000
    (joined,) = [entry for entry in ticket.timeline if entry.event == "member_joined"]
    assert " and 1995 more: " in joined.reason
    assert await run.step(OUTAGE, *storm) == ()


async def test_a_late_root_suppresses_what_was_open_and_lets_it_end(run: Run) -> None:
    run.scene.phones["b1"] = BindingState.ARREARS
    phone = alert("PhoneDown", "binding", "binding_down", "warning")
    await run.step(phone)
    await run.step(phone, alert("AllBindingsDown", "number", "binding_down"))
    suppressed = next(it for it in run.tickets.open if it.subject.scope == "binding")
    root = next(it for it in run.tickets.open if it.subject.scope == "number")
    assert suppressed.stage is Stage.SUPPRESSED
    assert suppressed.parent == root.id
    run.scene.phones["b1"] = BindingState.OK
    ends = [(it.after.subject.scope, it.kind) for it in await run.until_closed()]
    assert ("binding", "ticket.resolved") in ends
    assert ("number", "ticket.closed") in ends


async def test_what_is_still_broken_when_the_root_is_over_gets_its_ticket(run: Run) -> None:
    run.scene.phones["b1"] = BindingState.ARREARS
    phone = alert("PhoneDown", "binding", "binding_down", "warning")
    await run.step(phone, alert("AllBindingsDown", "number", "binding_down"))
    assert [it.subject.scope for it in run.tickets.open] == ["number"]
    for _ in range(6):
        await run.step(phone)
    assert [it.subject.scope for it in run.tickets.open] == ["binding"]


async def test_chained_roots_gather_in_the_widest(run: Run) -> None:
    await run.step(
        OUTAGE,
        alert("AllBindingsDown", "number", "binding_down"),
        alert("PhoneDown", "binding", "binding_down"),
    )
    (ticket,) = run.tickets.open
    assert ticket.subject.scope == "provider"
    assert len(ticket.members) == 2


async def test_an_empty_account_explains_numbers_that_are_out_of_money(run: Run) -> None:
    stop = alert("BalanceStop", "account", "balance", "critical")
    run.scene.balance = 9
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(stop, alert())
    assert [it.subject.scope for it in run.tickets.open] == ["account"]
    run.scene.states[NUMBER] = NumberState.SUSPENDED_VIOLATION
    await run.step(stop, alert())
    account, number = sorted(run.tickets.open, key=lambda it: it.subject.scope)
    assert number.stage is Stage.DIAGNOSING
    assert account.timeline[-1].reason == "it has another cause"


async def test_an_outage_does_not_explain_what_was_broken_before_it(run: Run) -> None:
    await run.step(alert(at=START))
    await run.step(alert(at=START), alert("Down", "provider", "provider_api", at=START + 90))
    assert {it.subject.scope for it in run.tickets.open} == {"number", "provider"}
    assert all(it.stage is Stage.DIAGNOSING for it in run.tickets.open)


async def test_a_low_balance_warning_explains_nothing(run: Run) -> None:
    low = alert("BalanceLow", "account", "balance", "warning")
    await run.step(low, alert())
    assert len(run.tickets.open) == 2


async def test_balance_above_its_lines_closes(run: Run) -> None:
    run.scene.balance = 9.8
    await run.step(alert("BalanceStop", "account", "balance", "critical"))
    run.scene.balance = 20
    for _ in range(8):
        await run.step()
    assert len(run.tickets.open) == 1
    run.scene.balance = 500
    await run.until_closed()


async def test_an_outage_is_over_when_the_api_answers_again(database: Database) -> None:
    run = Run(database, Scene(accounts=("hq", "shop")))
    await run.step(OUTAGE, failure=PollFailure.TIMEOUT)
    for _ in range(10):
        await run.step(failure=PollFailure.TIMEOUT)
    assert len(run.tickets.open) == 1
    run.scene.accounts = ("hq",)
    await run.until_closed()


async def test_a_restart_goes_on_where_it_was(run: Run) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    (opened,) = await run.step(alert())
    run.restart()
    assert await run.step(alert()) == ()
    assert run.tickets.open == (opened.after,)
    run.restart()
    run.scene.states[NUMBER] = NumberState.ACTIVE
    closed = (await run.until_closed())[-1].after
    assert closed.id == opened.after.id
    assert [entry.event for entry in closed.timeline][:2] == ["opened", "diagnosed"]


async def test_a_start_before_the_first_poll_says_nothing_of_missing_data(
    run: Run,
) -> None:
    await run.step(alert())
    before = run.scene.fleet.snapshots()
    run.scene.fleet.drop("north", "hq")
    run.restart()
    assert await run.step(poll=False) == ()
    run.scene.fleet.swap(before[0])
    assert len(run.tickets.open) == 1


async def test_one_ticket_that_cannot_be_made_does_not_stop_the_others(run: Run) -> None:
    def diagnose(subject, fleet, now):
        if subject.number == NUMBER:
            raise RuntimeError("a decider is broken")
        return verdict()

    run.scene.diagnose = diagnose
    run.restart()
    await run.step(alert(), alert(number="4006220002"))
    assert [it.subject.number for it in run.tickets.open] == ["4006220002"]


@pytest.mark.parametrize(
    ("began_after_recovery", "scopes"), [(False, ["account"]), (True, ["account", "number"])]
)
async def test_a_root_whose_recovery_is_seen_explains_only_what_began_before_it(
    run: Run, began_after_recovery: bool, scopes: list[str]
) -> None:
    stop = alert("BalanceStop", "account", "balance", "critical")
    run.scene.balance = 9
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(stop)
    run.scene.balance = 500
    while run.tickets.open[0].stage is not Stage.OBSERVING:
        await run.step(seconds=30)
    since = run.now if began_after_recovery else START + 60
    await run.step(alert(at=since), seconds=1)
    assert sorted(it.subject.scope for it in run.tickets.open) == scopes

"""An account with very many faults has so many open tickets; the others wait for their turn."""

from agent.states import NumberState
from agent.store.database import Database
from agent.tickets.series import tickets_summary
from tests.tickets.driver import Run
from tests.tickets.scene import Scene, alert

NAMES = [f"400622{index:04}" for index in range(10)]


def open_numbers(run: Run) -> set[str]:
    return {ticket.subject.number for ticket in run.tickets.open if ticket.subject.number}


async def test_faults_beyond_the_limit_wait_and_get_their_tickets_later(
    database: Database,
) -> None:
    scene = Scene(states=dict.fromkeys(NAMES, NumberState.SUSPENDED_ARREARS))
    run = Run(database, scene, max_open=4, common_cause_numbers=100)
    mild = [alert(number=name, severity="warning") for name in NAMES[:6]]
    severe = [alert(number=name) for name in NAMES[6:]]
    other = alert("AccountOverLimit", "account", "over_limit")
    for _ in range(3):
        await run.step(*mild, *severe, other)
        # The worst go first, and what is wider than a number is never held back.
        assert open_numbers(run) == set(NAMES[6:])
        assert len(run.tickets.open) == 5
        assert run.tickets.waiting == {("north", "hq"): 6}
    blocks = tickets_summary(run.tickets.open, run.now, run.tickets.waiting)
    (block,) = [it for it in blocks if it.family.name == "numwatch_account_over_limit"]
    assert (block.size, list(block.values)) == (1, [1.0])
    for name in NAMES[6:]:
        scene.states[name] = NumberState.ACTIVE
    for _ in range(8):
        await run.step(*mild, other)
    assert len(open_numbers(run)) == 4
    assert open_numbers(run) < set(NAMES[:6])
    assert run.tickets.waiting == {("north", "hq"): 2}


async def test_another_account_is_not_held_back(database: Database) -> None:
    scene = Scene(states=dict.fromkeys(NAMES, NumberState.SUSPENDED_ARREARS))
    run = Run(database, scene, max_open=2, common_cause_numbers=100)
    await run.step(
        *(alert(number=name) for name in NAMES[:5]),
        *(alert(number=name, account="shop") for name in NAMES[5:7]),
    )
    by_account = [ticket.subject.account for ticket in run.tickets.open]
    assert sorted(by_account) == ["hq", "hq", "shop", "shop"]

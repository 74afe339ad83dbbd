"""Numbers that leave their account, while their alerts fire for as long as nobody forgets them."""

from msgspec.structs import replace

from agent.model import Snapshot
from agent.states import Cause, NumberState, PollFailure
from agent.tickets.ticket import Ticket
from tests.tickets.driver import Run
from tests.tickets.scene import Scene, alert, verdict

ONE, TWO, THREE, FOUR = (f"400622000{last}" for last in range(1, 5))
DAY = 90_000.0


class Leaving(Scene):
    """A scene that knows when numbers changed their state, as polls do."""

    def __init__(self) -> None:
        super().__init__(states=dict.fromkeys((ONE, TWO, THREE, FOUR), NumberState.ACTIVE))
        self.diagnosed = verdict(Cause.NUMBER_RECLAIMED)
        self.changes: dict[str, tuple[NumberState, NumberState, float]] = {}

    def _polled(self, account: str, now: float, failure: PollFailure | None) -> Snapshot:
        before = self.fleet.get("north", account)
        former = {} if before is None or not before.listing else before.listing.numbers
        for number in former:
            state = self.states.get(number.number, number.state)
            if state is not number.state:
                self.changes[number.number] = (number.state, state, now)
        return replace(super()._polled(account, now, failure), previous_states=dict(self.changes))


def ended(run: Run, changes: list) -> dict[str, str]:
    """How the tickets that closed ended, by symptom."""
    closed = (it.after for it in changes if it.kind == "ticket.closed")
    return {it.subject.symptom: it.resolution for it in closed}


async def later(run: Run, *alerts, days: int = 2) -> list:
    return [
        change
        for seconds in (60.0, 60.0, *[DAY] * days)
        for change in await run.step(*alerts, seconds=seconds)
    ]


def open_symptoms(run: Run) -> list[str]:
    return sorted(it.subject.symptom for it in run.tickets.open)


async def test_its_ticket_ends_as_gone_while_its_alert_fires(database) -> None:
    run = Run(database, Leaving())
    await run.step()
    run.scene.states[ONE] = NumberState.RECLAIMED
    await run.step(alert(number=ONE))
    assert open_symptoms(run) == ["number_down"]
    changes = await later(run, alert(number=ONE))
    assert ended(run, changes) == {"number_down": "gone"}
    assert [it.kind for it in changes] == ["ticket.updated", "ticket.closed"]
    assert await later(run, alert(number=ONE)) == []


async def test_its_other_faults_open_nothing(database) -> None:
    run = Run(database, Leaving())
    await run.step()
    run.scene.states[ONE] = NumberState.CANCELLED
    beside = [
        alert("ConfigDrift", symptom="drift", number=ONE),
        alert("LintError", symptom="lint", number=ONE),
        alert("AllBindingsDown", symptom="binding_down", number=ONE),
    ]
    assert await later(run, *beside) == []
    # The control: the same alerts about a number that is still there.
    run.scene.states[ONE] = NumberState.ACTIVE
    await run.step(*beside)
    assert open_symptoms(run) == ["binding_down", "drift", "lint"]


async def test_one_that_comes_back_and_leaves_again_has_another_ticket(database) -> None:
    run = Run(database, Leaving())
    await run.step()
    for episode in (1, 2):
        run.scene.states[ONE] = NumberState.RECLAIMED
        await run.step(alert(number=ONE, at=run.now))
        assert [it.episode for it in run.tickets.open] == [episode]
        await later(run, alert(number=ONE, at=run.now - 60))
        assert run.tickets.open == ()
        run.scene.states[ONE] = NumberState.ACTIVE
        await later(run)


async def test_an_alert_that_comes_again_after_silence_opens_nothing(database) -> None:
    run = Run(database, Leaving())
    await run.step()
    run.scene.states[ONE] = NumberState.RECLAIMED
    await run.step(alert(number=ONE))
    await later(run, alert(number=ONE))
    await run.step(failure=PollFailure.TIMEOUT, seconds=3600)
    assert await run.step(alert(number=ONE, at=run.now)) == ()
    run.restart()
    run.scene.changes.clear()
    assert await run.step(alert(number=ONE, at=run.now)) == ()


async def test_numbers_that_leave_together_are_one_ticket_and_stay_so(database) -> None:
    run = Run(database, Leaving())
    await run.step()
    lost = (ONE, TWO, THREE)
    run.scene.states.update(dict.fromkeys(lost, NumberState.RECLAIMED))
    alerts = [alert(number=it, at=run.now) for it in lost]
    await run.step(*alerts)
    assert open_symptoms(run) == ["numbers_reclaimed"]
    changes = await later(run, *alerts)
    assert ended(run, changes) == {"numbers_reclaimed": "gone"}
    assert await later(run, *alerts) == []
    assert run.tickets.open == ()


async def test_a_member_that_is_gone_leaves_the_outage_and_speaks_for_itself(database) -> None:
    run = Run(database, Leaving())
    await run.step()
    down = (ONE, TWO, THREE, FOUR)
    run.scene.states.update(dict.fromkeys(down, NumberState.SUSPENDED_VIOLATION))
    alerts = [alert(number=it, at=run.now) for it in down]
    await run.step(*alerts)
    run.scene.states[FOUR] = NumberState.RECLAIMED
    await run.step(*alerts)
    await run.step(*alerts)
    assert open_symptoms(run) == ["number_down", "provider_outage"]
    outage = next(it for it in run.tickets.open if it.subject.symptom == "provider_outage")
    left = {it.subject.number: it.left_for for it in outage.members if it.left_at is not None}
    assert left == {FOUR: "gone"}
    run.scene.states.update(dict.fromkeys((ONE, TWO, THREE), NumberState.ACTIVE))
    last = [alert(number=FOUR, at=alerts[-1].active_at)]
    assert ended(run, await later(run, *last)) == {
        "provider_outage": "",
        "number_down": "gone",
    }


async def test_one_listing_without_it_is_not_the_end(database) -> None:
    """Polling calls such a number unknown (``agent/polling/listing.py``), which is not gone."""
    run = Run(database, Leaving())
    await run.step(alert(number=ONE))
    run.scene.states[ONE] = NumberState.UNKNOWN
    changes = await later(run, days=3)
    assert ended(run, changes) == {}
    (ticket,) = run.tickets.open
    assert isinstance(ticket, Ticket)
    assert ticket.progress.gone_since is None

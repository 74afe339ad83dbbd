"""Why the members of a ticket belong together, and numbers that have nothing in common."""

from agent.states import Cause, NumberState
from agent.tickets.document import document
from agent.tickets.ticket import Subject
from agent.verdict import Verdict
from tests.tickets.driver import Run
from tests.tickets.scene import Scene, alert, verdict
from tests.tickets.stories import KINDS

NUMBERS = tuple(f"40062200{row:02}" for row in range(1, 5))
OUT = NumberState.SUSPENDED_VIOLATION


def shares(run: Run, symptom: str) -> dict[str, str]:
    (ticket,) = (it for it in run.tickets.open if it.subject.symptom == symptom)
    return document(ticket, run.now)["members_share"]


async def test_a_parent_says_what_its_members_share_and_when(run: Run) -> None:
    run.scene.states = dict.fromkeys(NUMBERS, NumberState.ACTIVE)
    run.scene.states.update(dict.fromkeys(NUMBERS[:3], OUT))
    await run.step(*(alert(number=it, at=run.now) for it in NUMBERS[:3]))
    assert shares(run, "provider_outage") == {
        "en": "They are out of service in the same way at the same provider."
        " They were noticed at the same time.",
        "zh-CN": "它们在同一服务商处以同样的方式停止服务。 它们是同时被发现的。",
    }
    run.scene.states[NUMBERS[3]] = OUT
    await run.step(*(alert(number=it, at=run.now) for it in NUMBERS), seconds=290)
    assert "within 5 minutes" in shares(run, "provider_outage")["en"]
    assert "5 分钟之内" in shares(run, "provider_outage")["zh-CN"]


async def test_what_a_number_itself_explains_is_said_too(run: Run) -> None:
    run.scene.states = {NUMBERS[0]: OUT}
    await run.step(alert(number=NUMBERS[0]), alert(*KINDS["answers"], number=NUMBERS[0]))
    assert shares(run, "number_down")["en"] == (
        "The number is out of service, and the rest comes of that."
    )


async def test_a_ticket_without_members_says_nothing(run: Run) -> None:
    run.scene.states = {NUMBERS[0]: OUT}
    await run.step(alert(number=NUMBERS[0]))
    assert shares(run, "number_down") == {}


class Diagnosed(Scene):
    """A scene in which each number has a cause of its own, or all have the same."""

    causes: dict[str, Cause]

    def diagnose(self, subject: Subject, _fleet: object, _now: float) -> Verdict | None:
        return verdict(self.causes.get(subject.number, Cause.UNKNOWN))


async def _badly_reached(database, *causes: Cause) -> list[str]:
    scene = Diagnosed()
    scene.states = dict.fromkeys(NUMBERS, NumberState.ACTIVE)
    scene.causes = dict(zip(NUMBERS, causes, strict=False))
    run = Run(database, scene)
    numbers = NUMBERS[: len(causes)]
    await run.step(*(alert(*KINDS["answers"], number=it) for it in numbers))
    return sorted(it.subject.symptom for it in run.tickets.open)


async def test_numbers_that_are_badly_reached_for_other_reasons_are_no_group(database) -> None:
    causes = (Cause.BINDING_OFF, Cause.CAPACITY_EXCEEDED, Cause.SCHEDULE_CLOSED)
    assert await _badly_reached(database, *causes) == ["answer_rate"] * 3


async def test_for_the_same_reason_they_are_one(database) -> None:
    """The control."""
    causes = (Cause.PROVIDER_LEG, Cause.PROVIDER_LEG, Cause.PROVIDER_LEG, Cause.BINDING_OFF)
    assert await _badly_reached(database, *causes) == ["numbers_answer_rate"]

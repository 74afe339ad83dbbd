"""Random test calls whose line works, fails or cannot be checked, and what follows from them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from pathlib import Path
from typing import Final

from msgspec import structs

from agent.checks.engine import Checker
from agent.config.settings import Metrics
from agent.diagnosis import DiagnosisContext, diagnose_number
from agent.probing.board import KEPT
from agent.probing.book import RefusedError
from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.series.builder import SeriesBuilder
from agent.states import Scope
from agent.testcalls.service import CONTROL_LASTS
from agent.tickets.decide.decision import Finding
from agent.tickets.decide.recovery_facts import recovery_by_facts
from agent.tickets.ticket import Subject
from tests.account_facts import polled
from tests.probe_calls import found_in
from tests.testcalls.scripted_calls import FAILURES, HQ, ScriptedCalls

RULES: Final = load_rules([Path(__file__).parents[2] / "alert_rules" / "probes.yml"])
GAPS: Final = (60.0, 700.0)
"""Seconds between two calls: within what a call of the control number says, and beyond it."""
OF_NUMBERS: Final = ("answered", *FAILURES, "crash")
OF_CONTROL: Final = ("answered", *FAILURES, "crash")
_FAILED, _THROUGH, _NOTHING = "failed", "through", "nothing"


@dataclass
class Line:
    """What a caller's calls show, by the words of the documentation alone."""

    budget: int
    has_control: bool
    shown: list[str] = field(default_factory=list)
    """What each of its calls says of the number, the newest first."""
    _checked: tuple[float, str] | None = None

    def called(self, outcome: str, control: str, now: float) -> None:
        """Take in a call that is to go like this, as far as the budget has one."""
        if self._spend():
            works = outcome == "answered" or self._says(control, now)
            says = {"answered": _THROUGH, "crash": _NOTHING}.get(outcome, _FAILED)
            self.shown.insert(0, says if works else _NOTHING)

    def _says(self, control: str, now: float) -> bool:
        """Whether the control number shows that the line works."""
        if not self.has_control:
            return True
        if self._checked is None or now - self._checked[0] >= CONTROL_LASTS:
            if not self._spend():
                return False
            self._checked = now, control
        return self._checked[1] == "answered"

    def _spend(self) -> bool:
        self.budget -= 1
        return self.budget >= 0

    @property
    def failures(self) -> int | None:
        """How many calls failed in a row; ``None`` where no call says anything."""
        known = [it for it in self.shown[:KEPT] if it != _NOTHING]
        return (known.index(_THROUGH) if _THROUGH in known else len(known)) if known else None

    @property
    def is_in_trouble(self) -> bool:
        """Whether the newest call that says something failed, however long ago."""
        return next((it for it in self.shown if it != _NOTHING), _THROUGH) == _FAILED


@dataclass
class CalledNumber:
    """The calls of two lines to one number."""

    number: str
    lines: dict[str, Line]

    @property
    def counts(self) -> list[int]:
        """The failures in a row of the lines of which something is known."""
        return [it.failures for it in self.lines.values() if it.failures is not None]

    @property
    def alerts(self) -> set[str]:
        """The alerts that there must be about the number, and no others."""
        counts = self.counts
        if counts and min(counts) >= 2:
            return {"ProbeFailAll"}
        return {"ProbeFailSome"} if counts and max(counts) >= 2 and min(counts) == 0 else set()

    @property
    def finding(self) -> Finding:
        """What the calls say of a ticket that test calls opened."""
        if any(self.counts):
            return Finding.BAD
        waits = any(it.is_in_trouble and it.failures is None for it in self.lines.values())
        return Finding.UNKNOWN if waits or not self.counts else Finding.GOOD


async def make_calls(made: ScriptedCalls, chance: random.Random, steps: int) -> list[CalledNumber]:
    """Call every number of the account by two lines of its own, as chance has it."""
    callers = {it.name: it.daily_budget for it in made.settings.dial.callers}
    has_control = made.settings.dial.control_number is not None
    (snapshot,) = made.fleet.snapshots()
    assert snapshot.listing is not None
    sequences: list[CalledNumber] = []
    names = iter(callers)
    for each in snapshot.listing.numbers:
        own = (next(names), next(names))
        lines = {name: Line(callers[name], has_control) for name in own}
        sequences.append(CalledNumber(each.number, lines))
    # How each number and line goes is mostly the same: what is all mixed is never twice in a row.
    moods = [chance.choices(OF_CONTROL, (3, 2, 1, 1, 2))[0] for _ in sequences]
    for _ in range(steps):
        made.now += chance.choice(GAPS)
        for one, mood in zip(sequences, moods, strict=True):
            name = chance.choice(list(one.lines))
            outcome = chance.choices(OF_NUMBERS, (1, 2, 1, 1, 1))[0]
            control = mood if chance.random() < 0.8 else chance.choice(OF_CONTROL)
            one.lines[name].called(outcome, control, made.now)
            try:
                await made.call(one.number, name, outcome, control)
            except RefusedError:
                assert one.lines[name].budget < 0
    return sequences


def assert_nobody_is_blamed_for_a_line(made: ScriptedCalls, called: Sequence[CalledNumber]) -> None:
    """Alerts, recovery and diagnosis of each number rest on calls whose line works."""
    (former,) = made.fleet.snapshots()
    polls = dict.fromkeys(former.polls, polled(made.now))
    snapshot = structs.replace(former, polls=polls)
    plain = Checker(made.settings).check(snapshot, made.now)
    checked = replaced(plain, **found_in(made.board))
    alerts: dict[str, set[str]] = {it.number: set() for it in called}
    blocks = SeriesBuilder(Metrics()).build(snapshot, checked, made.now)
    for alert in RuleEngine(RULES).evaluate(blocks, made.now):
        alerts[alert.labels["number"]].add(alert.name)
    recovery = recovery_by_facts(lambda *_: checked)
    context = DiagnosisContext(made.settings, made.now, {HQ: checked})
    without = DiagnosisContext(made.settings, made.now, {HQ: plain})
    for one in called:
        subject = Subject(
            Scope.NUMBER, "probe_fail_all", provider=HQ[0], account=HQ[1], number=one.number
        )
        assert alerts[one.number] == one.alerts, one
        assessment = recovery(subject, made.fleet, made.now)
        assert assessment is not None
        assert assessment.finding is one.finding, one
        if any(one.counts):
            continue
        # No call that counts failed, so that the calls show no fault of the number's.
        known = diagnose_number(one.number, without).cause
        assert known == "healthy", (one, known)
        assert diagnose_number(one.number, context).cause == known, one
        cause = diagnose_number(one.number, context, symptom=subject.symptom).cause
        is_blind = not one.counts and any(it.shown for it in one.lines.values())
        assert cause == ("monitoring_blind" if is_blind else known), one

"""What test calls showed, beside the interface's word (docs/reference/dial-tests.md).

A test call hears what a caller hears, so that two that failed in a row go before a listing that
says active; and two that got through go before silence. A call whose line is at fault, or whose
outcome is unknown, says nothing of the number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import msgspec

from agent.diagnosis.configuration import current_configuration
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.diagnosis.prompt_causes import cause_of, is_contradicted
from agent.diagnosis.prompts import PROMPTS_BY_NAME, Prompt
from agent.diagnosis.reason_words import reason_words
from agent.probing import signs
from agent.probing.facts import Control, ProbeCall, by_caller, failed_in_a_row, judged
from agent.probing.outcome import CallOutcome
from agent.routing.outcome import Outcome
from agent.states import Cause
from agent.verdict import Evidence, Verdict

TEST_CALLS: Final = "test_calls"
"""The source of evidence that test calls are."""
RECENT: Final = 7200.0
"""Seconds for which test calls go before what the interface says now."""
TWICE: Final = 2
HEARD: Final = (0.85, 0.9)
"""Confidence in the cause of an announcement that one caller heard twice, and that several did."""
FAILED: Final = (0.7, 0.8)
"""The same where calls failed otherwise."""
CONTRADICTED: Final = 0.1
"""By how much less a failure is believed where the interface says otherwise."""
DOUBTED: Final = 0.8
"""Confidence at most in a cause that does not explain what was heard."""
PERHAPS: Final = 0.6
"""Confidence at most that a number is healthy to which some test calls fail."""
PROVEN: Final = 0.85
"""Confidence that a number is healthy of which only test calls say anything."""
CERTAIN: Final = 0.95
STOPPED: Final = 0.9
SOME_FAIL: Final = 0.5
SYMPTOMS: Final = "probe_"
"""With what the symptoms of alerts about test calls begin."""

_PROMPT_OF: Final[Mapping[CallOutcome, str]] = {
    CallOutcome.BUSY: "busy",
    CallOutcome.CONGESTED: "network",
    CallOutcome.REJECTED: "rejected",
    CallOutcome.NONEXISTENT: "nonexistent",
    CallOutcome.UNREACHABLE: "unreachable",
    CallOutcome.BARRED: "no_right",
    CallOutcome.NO_ANSWER: "no_answer",
    CallOutcome.SILENT: "silence",
    CallOutcome.ONE_WAY: "one_way",
    CallOutcome.ANNOUNCEMENT: "no_connection",
}
"""What callers would say who heard it."""
_NOTHING_KNOWN: Final = frozenset({Cause.HEALTHY, Cause.UNKNOWN, Cause.MONITORING_BLIND})
"""Verdicts that show no fault, which test calls that failed do show."""
_STOPS_CALLERS: Final = frozenset(
    {Cause.LIST_BLOCKS_CALLER, Cause.WHITELIST_BLOCKS_CALLER, Cause.REGION_BLOCKS_CALLER}
)
_NOBODY_GETS_THROUGH: Final = frozenset(
    {
        *(cause for cause in Cause if cause.value.startswith("number_")),
        *(Cause.PROVIDER_OUTAGE, Cause.CARRIER_OUTAGE, Cause.PROVIDER_LEG, Cause.NO_BINDING),
        *(Cause.BALANCE_EXHAUSTED, Cause.SPEND_CAP_REACHED),
    }
) - {Cause.NUMBER_MARKED}
"""Causes with which no call gets through."""


@dataclass(frozen=True)
class _Seen:
    """The test calls of a number, by what they say of it."""

    callers: Mapping[str, Sequence[ProbeCall]]
    """All calls by caller, the newest first."""

    @cached_property
    def _troubled(self) -> dict[str, int]:
        """In how many of its newest judged calls in a row each caller did not reach anybody.

        An answer of the network's, "the number is suspended", reaches nobody either.
        """
        failed = {name: failed_in_a_row(calls) for name, calls in self.callers.items()}
        return {
            name: max(count, signs.prompt_repeats(self.callers[name])[1])
            for name, count in failed.items()
            if count is not None
        }

    @cached_property
    def failing(self) -> dict[str, int]:
        """The callers whose newest judged call reached nobody, with how many in a row."""
        return {name: count for name, count in self._troubled.items() if count}

    @cached_property
    def through(self) -> tuple[str, ...]:
        """The callers whose newest judged call got through."""
        return tuple(name for name, count in self._troubled.items() if not count)

    @cached_property
    def at_fault(self) -> tuple[str, ...]:
        """The callers whose newest call met a line that is at fault."""
        return tuple(
            name for name, calls in self.callers.items() if calls[0].control is Control.FAILED
        )

    @cached_property
    def newest(self) -> ProbeCall | None:
        """The newest judged call."""
        known = (it for calls in self.callers.values() for it in judged(calls))
        return max(known, key=lambda call: call.at, default=None)

    @cached_property
    def main_prompt(self) -> tuple[Prompt, int]:
        """What the most failing calls heard, and how many callers heard an announcement twice."""
        newest = {name: _newest(self.callers[name]) for name in self.failing}
        repeated = [signs.prompt_repeats(self.callers[name]) for name in self.failing]
        announced = [it for it, count in repeated if count >= TWICE and it in PROMPTS_BY_NAME]
        if announced:
            name = max(set(announced), key=lambda it: (announced.count(it), it))
            return PROMPTS_BY_NAME[name], announced.count(name)
        names = [_prompt_name(call) for call in newest.values()]
        name = max(set(names), key=lambda it: (names.count(it), it))
        return PROMPTS_BY_NAME[name], 0


def with_calls(diagnosis: NumberDiagnosis, verdict: Verdict) -> Verdict:
    """``verdict`` with what test calls showed, or the verdict that they lead to instead."""
    calls = diagnosis.result.probes.get(diagnosis.number, ())
    if not calls:
        return verdict
    seen = _Seen(by_caller(calls))
    facts = _evidence(diagnosis, seen)
    verdict = msgspec.structs.replace(verdict, evidence=(*verdict.evidence, *facts))
    if seen.newest is None:
        return _blind(diagnosis, verdict, seen)
    is_recent = diagnosis.context.now - seen.newest.at <= RECENT
    if seen.failing and not seen.through:
        return _all_fail(diagnosis, verdict, seen, is_recent=is_recent)
    if seen.failing:
        return _some_fail(diagnosis, verdict, seen)
    return _none_fails(diagnosis, verdict, seen) if is_recent else verdict


def _blind(diagnosis: NumberDiagnosis, verdict: Verdict, seen: _Seen) -> Verdict:
    """Nothing is known of the number by its test calls; a ticket that rests on them is blind."""
    if seen.at_fault:
        diagnosis.warn("probe_blind", callers=", ".join(seen.at_fault))
    if not diagnosis.symptom.startswith(SYMPTOMS):
        return verdict
    return diagnosis.conclude(Cause.MONITORING_BLIND, CERTAIN, verdict.evidence)


def _all_fail(
    diagnosis: NumberDiagnosis, verdict: Verdict, seen: _Seen, *, is_recent: bool
) -> Verdict:
    present = Cause(verdict.cause)
    diagnosis.warn("probe_fails", callers=", ".join(seen.failing), prompt=seen.main_prompt[0].text)
    if sum(seen.failing.values()) < TWICE or not is_recent or diagnosis.caller:
        return _less_sure(verdict, PERHAPS) if present is Cause.HEALTHY else verdict
    prompt, announced = seen.main_prompt
    fits = prompt.fits_with(present)
    if present in _NOTHING_KNOWN or (announced and not fits):
        return _instead(diagnosis, verdict, seen)
    if fits:
        return msgspec.structs.replace(verdict, confidence=min(CERTAIN, verdict.confidence + 0.05))
    diagnosis.warn("heard_otherwise")
    return _less_sure(verdict, DOUBTED)


def _instead(diagnosis: NumberDiagnosis, verdict: Verdict, seen: _Seen) -> Verdict:
    """The verdict that the calls lead to, with the former one among those considered."""
    stop = _stop(diagnosis, seen)
    if stop is not None:
        return _stopped(diagnosis, verdict, stop)
    prompt, announced = seen.main_prompt
    cause = _cause(diagnosis, seen, prompt)
    several = min(len(seen.failing), TWICE) - 1
    confidence = HEARD[min(announced, TWICE) - 1] if announced else FAILED[several]
    if not announced and is_contradicted(diagnosis, cause):
        confidence -= CONTRADICTED
    _consider(diagnosis, verdict, prompt)
    return diagnosis.conclude(
        cause,
        confidence,
        verdict.evidence,
        since=min(_newest(seen.callers[name]).at for name in seen.failing),
        facts={"binding": "-", "phone": "-", "detail": prompt.text},
    )


def _some_fail(diagnosis: NumberDiagnosis, verdict: Verdict, seen: _Seen) -> Verdict:
    """Some callers get through and others do not: a rule for callers, or the way of their calls."""
    failing, through = ", ".join(seen.failing), ", ".join(seen.through)
    diagnosis.warn("probe_some_fail", failing=failing, through=through)
    if Cause(verdict.cause) not in _NOTHING_KNOWN or max(seen.failing.values()) < TWICE:
        return _less_sure(verdict, PERHAPS) if verdict.cause == Cause.HEALTHY else verdict
    stop = _stop(diagnosis, seen)
    if stop is not None:
        return _stopped(diagnosis, verdict, stop)
    if not diagnosis.symptom.startswith(SYMPTOMS):
        return _less_sure(verdict, PERHAPS)
    _consider(diagnosis, verdict, seen.main_prompt[0])
    return diagnosis.conclude(Cause.PROVIDER_LEG, SOME_FAIL, verdict.evidence)


def _none_fails(diagnosis: NumberDiagnosis, verdict: Verdict, seen: _Seen) -> Verdict:
    present = Cause(verdict.cause)
    if present is Cause.HEALTHY:
        return msgspec.structs.replace(verdict, confidence=max(CERTAIN, verdict.confidence))
    if present in _NOBODY_GETS_THROUGH:
        diagnosis.warn("probe_gets_through", callers=", ".join(seen.through))
        return _less_sure(verdict, DOUBTED)
    # What an alert saw, or one caller met, calls from other lines do not take back.
    if present in _NOTHING_KNOWN and not (diagnosis.symptom or diagnosis.caller):
        return diagnosis.conclude(Cause.HEALTHY, PROVEN, verdict.evidence)
    return verdict


def _stop(diagnosis: NumberDiagnosis, seen: _Seen) -> Outcome | None:
    """The list or region rule that stops every line whose calls fail."""
    ways = _ways(diagnosis, seen)
    first = ways[0] if ways else None
    if first is None or first.obstacle not in _STOPS_CALLERS:
        return None
    return first if all(it.obstacle == first.obstacle for it in ways) else None


def _ways(diagnosis: NumberDiagnosis, seen: _Seen) -> list[Outcome]:
    """What the configuration does with a call from each line that fails, by the line's own number.

    Empty where that is not known of all of them.
    """
    configuration = current_configuration(diagnosis)
    users = {line.name: line.user for line in diagnosis.context.settings.dial.callers}
    numbers = [users.get(name, "") for name in seen.failing]
    if configuration.routing is None or not all(number.isdecimal() for number in numbers):
        return []
    ways = []
    for name in seen.failing:
        context = replace(diagnosis.context, now=_newest(seen.callers[name]).at)
        from_line = replace(diagnosis, context=context, caller=users[name])
        ways.append(configuration.route(from_line))
    return ways


def _cause(diagnosis: NumberDiagnosis, seen: _Seen, prompt: Prompt) -> Cause:
    """The cause of what was heard; none that stops callers where these lines are not stopped."""
    cause = cause_of(diagnosis, prompt)
    is_let_in = cause in _STOPS_CALLERS and _ways(diagnosis, seen)
    return prompt.causes[-1] if is_let_in else cause


def _stopped(diagnosis: NumberDiagnosis, verdict: Verdict, stop: Outcome) -> Verdict:
    assert stop.obstacle is not None
    facts = {"detail": reason_words(stop.why)}
    return diagnosis.conclude(stop.obstacle, STOPPED, verdict.evidence, facts=facts)


def _consider(diagnosis: NumberDiagnosis, verdict: Verdict, prompt: Prompt) -> None:
    shown = [f"{it.fact}: {it.value}" for it in verdict.evidence if it.source != TEST_CALLS]
    diagnosis.consider(Cause(verdict.cause), shown, [f"test calls heard: {prompt.name}"])


def _less_sure(verdict: Verdict, most: float) -> Verdict:
    return msgspec.structs.replace(verdict, confidence=min(verdict.confidence, most))


def _newest(calls: Sequence[ProbeCall]) -> ProbeCall:
    """The newest judged call of one caller that has one."""
    return judged(calls)[0]


def _prompt_name(call: ProbeCall) -> str:
    if call.prompt in PROMPTS_BY_NAME:
        return call.prompt
    return _PROMPT_OF.get(call.outcome, "no_connection")


def _evidence(diagnosis: NumberDiagnosis, seen: _Seen) -> list[Evidence]:
    """The newest call of each caller, with how many in a row failed."""
    return [
        Evidence(
            f"test_call {name}",
            f"{_word(calls[0])} {max(1, seen.failing.get(name, 1))}",
            TEST_CALLS,
            round(max(0.0, diagnosis.context.now - calls[0].at), 3),
        )
        for name, calls in seen.callers.items()
    ]


def _word(call: ProbeCall) -> str:
    return call.outcome.value if call.is_judged else CallOutcome.UNKNOWN.value

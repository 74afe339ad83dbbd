"""Spend that calls do not explain: somebody else may use the account.

Source: docs/reference/domain.md §6 (S3, abnormal charges and account theft).
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from agent.baselines.drift import BINDINGS_BIT
from agent.checks.charges import WINDOW, Charges
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.states import Capability, Cause
from agent.verdict import Evidence, Verdict

POSSIBLE: Final = 0.6
LIKELY: Final = 0.8
"""With phones that were bound of late beside it."""
MOST_CALLS: Final = 5
MOST_NUMBERS: Final = 5
"""So many calls and numbers are named as evidence."""


def decide(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about charges: ``charges_unexplained``, for the security contact."""
    charges = diagnosis.result.charges
    if charges is None or charges.explained is None or not is_suspicious(diagnosis, charges):
        return None
    changed = _changed_phones(diagnosis)
    evidence = [*_sums(diagnosis, charges), *changed, *_longest_calls(diagnosis)]
    facts = {"spent": f"{charges.spent:.2f}", "currency": charges.currency}
    confidence = LIKELY if changed else POSSIBLE
    return diagnosis.conclude(Cause.CHARGES_UNEXPLAINED, confidence, evidence, facts=facts)


def is_suspicious(diagnosis: NumberDiagnosis, charges: Charges) -> bool:
    """Whether far more was spent than calls explain; beside new phones, merely more."""
    explained = charges.explained
    is_more = explained is not None and charges.spent > explained
    return charges.is_unusual or (is_more and bool(_changed_phones(diagnosis)))


def _sums(diagnosis: NumberDiagnosis, charges: Charges) -> Iterator[Evidence]:
    facts = {
        "spent in the last hour": f"{charges.spent:.2f} {charges.currency}",
        "explained by calls": f"{charges.explained or 0.0:.2f} {charges.currency}",
        "calls in the last hour": str(charges.calls),
    }
    for name, value in facts.items():
        yield diagnosis.fact(name, value, Capability.BALANCE)


def _changed_phones(diagnosis: NumberDiagnosis) -> Sequence[Evidence]:
    """The numbers whose bound phones are not the approved ones."""
    result = diagnosis.result
    rows = np.flatnonzero(result.drift.drifted & BINDINGS_BIT)[:MOST_NUMBERS].tolist()
    return [
        diagnosis.fact("phones changed behind", result.names[row], Capability.REACHABILITY)
        for row in rows
    ]


def _longest_calls(diagnosis: NumberDiagnosis) -> Iterator[Evidence]:
    """The longest calls of the last hour; records that are kept have no callers."""
    since = diagnosis.context.now - WINDOW
    calls = [
        (call.talk_seconds, call.started_at, number)
        for number, recent in diagnosis.snapshot.recent_calls.items()
        for call in recent
        if call.talk_seconds and call.started_at > since
    ]
    for seconds, at, number in sorted(calls, reverse=True)[:MOST_CALLS]:
        value = f"{number}, {diagnosis.context.format_time(at)}, {seconds:.0f} s"
        yield diagnosis.fact("long call", value, Capability.CALLS)

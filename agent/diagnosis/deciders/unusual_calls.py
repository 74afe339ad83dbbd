"""Calls as a number never had: somebody else may use it, or a person knows better.

Source: docs/reference/domain.md §6 (S3, abnormal charges and account theft).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from agent.diagnosis.deciders.charges import LIKELY, POSSIBLE, is_suspicious
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.diagnosis.texts import with_texts
from agent.diagnosis.words import party_word
from agent.i18n import Message
from agent.states import Capability, Cause, ConfigSection, Party
from agent.verdict import Evidence, Verdict

OPEN_QUESTION: Final = 0.3
"""Without anything beside the calls, only a person can tell what they are."""
STEPS: Final = (
    Message(
        "Ask whoever knows {number} about the calls below ({contact}), and change nothing yet."
    ),
    Message(
        "If nobody knows them, have the provider freeze outgoing calls of {account}, and change "
        "its password and keys."
    ),
)
THEFT_STEPS: Final = (
    Message(
        "Have the provider freeze outgoing calls of {account} ({contact}), and take back phones "
        "behind {number} that nobody approved."
    ),
    Message(
        "Change the password and the keys of {account}; end every session and look at who may "
        "sign in."
    ),
)
QUESTIONS: Final = (
    Message("Is there a campaign, a holiday, or news that made people call?"),
    Message("Did the hours change, or did staff work longer, without a change at the provider?"),
    Message("Does anybody know the phones that answered these calls?"),
)


def decide(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about unusual calls: theft beside spend or strange phones, else a question."""
    evidence = list(_calls(diagnosis))
    if not evidence:
        return None
    changed = _changed_phones(diagnosis)
    is_spent = _is_spent(diagnosis)
    if not is_spent and not changed:
        verdict = diagnosis.conclude(Cause.UNKNOWN, OPEN_QUESTION, evidence, party=Party.ADMIN)
        return _with_texts(diagnosis, verdict, STEPS)
    confidence = LIKELY if is_spent and changed else POSSIBLE
    evidence += changed
    verdict = diagnosis.conclude(Cause.CHARGES_UNEXPLAINED, confidence, evidence)
    return _with_texts(diagnosis, verdict, THEFT_STEPS)


def _is_spent(diagnosis: NumberDiagnosis) -> bool:
    """Whether calls do not explain what the account spends."""
    charges = diagnosis.result.charges
    return charges is not None and is_suspicious(diagnosis, charges)


def _with_texts(diagnosis: NumberDiagnosis, verdict: Verdict, steps: Sequence[Message]) -> Verdict:
    facts = {
        "number": diagnosis.number,
        "account": diagnosis.snapshot.key,
        "contact": verdict.contact or party_word(verdict.party),
    }
    filled = [replace(step, values=facts) for step in steps]
    return with_texts(verdict, diagnosis.locale, next_steps=filled, questions=QUESTIONS)


def _calls(diagnosis: NumberDiagnosis) -> Iterator[Evidence]:
    for it in diagnosis.result.compared_calls.get(diagnosis.number, ()):
        if it.is_unusual:
            yield diagnosis.fact(f"calls {it.reason}", it.calls, Capability.CALLS)
            yield diagnosis.fact(f"usual {it.reason}", it.limit, Capability.CALLS)


def _changed_phones(diagnosis: NumberDiagnosis) -> Sequence[Evidence]:
    """The number itself where its bound phones are not the approved ones."""
    if ConfigSection.BINDINGS not in diagnosis.result.drift_sections(diagnosis.number):
        return ()
    name = "phones changed behind"
    return (diagnosis.fact(name, diagnosis.number, Capability.REACHABILITY),)

"""What people's answers add to a verdict: the wireless tree, and what was heard and dialled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import msgspec

from agent.diagnosis.case import Case
from agent.diagnosis.contacts import UNTOLD, contact_for
from agent.diagnosis.tree import Walk
from agent.diagnosis.wireless import WIRELESS_TREE, walk_wireless
from agent.diagnosis.words import Words
from agent.masking import mask_text
from agent.model import Evidence, Verdict
from agent.states import Cause, Party

WIRELESS = frozenset({Cause.BINDING_OFF, Cause.BINDING_OUT_OF_AREA})
"""Causes that the wireless tree takes further (domain.md §2, 7)."""
TOLD = 0.8
"""Confidence in a conclusion that people's answers lead to."""
ANSWER_SOURCE = "answer"


@dataclass(frozen=True)
class Saying:
    """What one answer means for a number whose facts decide nothing."""

    cause: Cause
    party: Party | None = None


SAYINGS: Mapping[str, Mapping[str, Saying]] = {
    "control_call": {
        "fails": Saying(Cause.UNKNOWN, Party.CALLER),
    },
    "who_fails": {
        "one_caller": Saying(Cause.UNKNOWN, Party.CALLER_CARRIER),
        "one_carrier": Saying(Cause.PROVIDER_LEG),
        "one_area": Saying(Cause.PROVIDER_LEG),
    },
    "voice": {
        "bad_by_400_only": Saying(Cause.VOICE_QUALITY),
        "bad_directly_too": Saying(Cause.VOICE_QUALITY, Party.HOLDER),
    },
    "direct_call": {
        "works": Saying(Cause.PROVIDER_LEG),
        "arrears": Saying(Cause.BINDING_ARREARS),
        "barred": Saying(Cause.BINDING_BARRED),
        "nonexistent": Saying(Cause.BINDING_NONEXISTENT),
        "off": Saying(Cause.BINDING_OFF),
        "out_of_area": Saying(Cause.BINDING_OUT_OF_AREA),
        "busy": Saying(Cause.BINDING_BUSY),
        "no_answer": Saying(Cause.BINDING_NO_ANSWER),
        "rejected": Saying(Cause.BINDING_REJECTED),
        "forwarded": Saying(Cause.BINDING_FORWARDED),
    },
}
"""Questions on the way of a call, in the order in which they are asked (domain.md §2)."""
AREA = "caller_area"
"""The caller's area code: a mobile does not show it."""
OPEN = frozenset({Cause.HEALTHY, Cause.UNKNOWN, Cause.MONITORING_BLIND, Cause.PROVIDER_LEG})
"""Verdicts that what a person has found out may overrule: none of them saw a definite fault."""


def known_questions() -> Mapping[str, Sequence[str]]:
    """Every question there is, with the answers it takes; none means any."""
    asked = {name: tuple(choices) for name, choices in SAYINGS.items()}
    asked["control_call"] = ("works", "fails")
    asked["who_fails"] = (*SAYINGS["who_fails"], "everyone")
    asked["voice"] = (*SAYINGS["voice"], "good")
    measured = {node.name: () for node in WIRELESS_TREE.values() if node.is_measured}
    chosen = {
        node.name: tuple(node.choices)
        for node in WIRELESS_TREE.values()
        if node.choices and not node.is_measured
    }
    return {**asked, AREA: (), **chosen, **measured}


def answer_errors(answers: Mapping[str, str]) -> list[str]:
    """What is wrong with ``answers``, a line each."""
    known = known_questions()
    lines = []
    for name, answer in answers.items():
        if name not in known:
            lines.append(f"{name}: is not a question, expected one of {', '.join(known)}")
        elif known[name] and answer not in known[name]:
            lines.append(f"{name}: {answer!r} is no answer, expected {'|'.join(known[name])}")
        elif not known[name] and not _is_number(answer):
            lines.append(f"{name}: {answer!r} is no answer, expected a number")
    return lines


def next_question(
    cause: str, answers: Mapping[str, str], locale: str
) -> tuple[str, str, Sequence[str]] | None:
    """What to ask a person next: the question's name, its words, the answers it takes.

    ``None`` where answers would not take the verdict further. A measured answer has no choices.
    """
    if cause in WIRELESS:
        node = walk_wireless(answers).node
        choices = () if node.is_measured else tuple(node.choices)
        return (node.name, node.message.text(locale), choices) if node.choices else None
    if cause not in OPEN - {Cause.HEALTHY}:
        return None
    name = next((it for it in SAYINGS if it not in answers), None)
    if name is None:
        return None
    return name, Words(locale).word("questions", name), known_questions()[name]


def with_answers(case: Case, verdict: Verdict) -> Verdict:
    """``verdict`` as people's answers leave it."""
    verdict = _by_saying(case, verdict)
    if verdict.cause not in WIRELESS:
        return verdict
    return _by_walk(case, verdict, walk_wireless(case.answers))


def _by_saying(case: Case, verdict: Verdict) -> Verdict:
    if verdict.cause not in OPEN:
        return verdict
    for question, meanings in SAYINGS.items():
        saying = meanings.get(case.answers.get(question, ""))
        if saying is not None:
            seen = [_evidence(question, case.answers[question]), *verdict.evidence]
            return case.conclude(saying.cause, TOLD, seen, party=saying.party)
    return _asking(case, verdict)


def _asking(case: Case, verdict: Verdict) -> Verdict:
    """``verdict`` with the question whose answer would take it further put first."""
    asked = next_question(verdict.cause, case.answers, case.context.settings.locale)
    if asked is None:
        return verdict
    name, words, choices = asked
    questions = (f"{words} [{name}={'|'.join(choices)}]", *verdict.questions)
    return msgspec.structs.replace(verdict, questions=questions)


def _by_walk(case: Case, verdict: Verdict, walked: Walk) -> Verdict:
    locale = case.context.settings.locale
    seen = (*verdict.evidence, *(_evidence(node.name, answer) for node, answer in walked.path))
    if not walked.is_over:
        questions = (walked.node.prompt(locale), *verdict.questions)
        return msgspec.structs.replace(verdict, evidence=seen, questions=questions)
    reached = Evidence("wireless tree", walked.node.message.text(locale), ANSWER_SOURCE)
    party = walked.node.party
    next_steps = () if walked.node.step is None else (walked.node.step.text(locale),)
    if party is None:
        return msgspec.structs.replace(
            verdict,
            evidence=(*seen, reached),
            questions=(),
            next_steps=(*next_steps, *verdict.next_steps),
        )
    return msgspec.structs.replace(
        verdict,
        cause=(walked.node.cause or Cause(verdict.cause)).value,
        party=party.value,
        contact=contact_for(case.context.settings, party, case.concern(UNTOLD)),
        confidence=TOLD,
        evidence=(*seen, reached),
        questions=(),
        next_steps=next_steps,
    )


def _evidence(question: str, answer: str) -> Evidence:
    return Evidence(question, mask_text(answer), ANSWER_SOURCE)


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False

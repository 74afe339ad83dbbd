"""People's answers to the questions of a diagnosis, and the verdict they lead to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

import msgspec

from agent.diagnosis.caller_reports import CALLERS
from agent.diagnosis.configuration import CALLER_AREA
from agent.diagnosis.contacts import UNKNOWN_CARRIER, contact_for
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.diagnosis.texts import with_first, with_texts
from agent.diagnosis.wireless_tree import WIRELESS_TREE, Traversal, traverse_wireless_tree
from agent.diagnosis.words import control_question
from agent.i18n import Joined, Message
from agent.masking import mask_text
from agent.states import Cause, Party
from agent.verdict import Evidence, Verdict

WIRELESS_CAUSES: Final = frozenset({Cause.BINDING_OFF, Cause.BINDING_OUT_OF_AREA})
"""Causes that the wireless tree refines (docs/reference/domain.md §2)."""
ANSWER_CONFIDENCE: Final = 0.8
"""Confidence in a conclusion that people's answers lead to."""
ANSWER_SOURCE: Final = "answer"
"""The source of evidence that a person's answer is."""


@dataclass(frozen=True)
class AnswerMeaning:
    """The cause that one answer implies, if the facts show no definite fault."""

    cause: Cause
    party: Party | None = None
    """Whose responsibility it is, if not the party usual for the cause."""


# In the order in which the questions are put: docs/reference/domain.md §2.
ANSWER_MEANINGS: Final[Mapping[str, Mapping[str, AnswerMeaning]]] = {
    "control_call": {
        "fails": AnswerMeaning(Cause.UNKNOWN, Party.CALLER),
    },
    "who_fails": {
        "one_caller": AnswerMeaning(Cause.UNKNOWN, Party.CALLER_CARRIER),
        "one_carrier": AnswerMeaning(Cause.PROVIDER_LEG),
        "one_area": AnswerMeaning(Cause.PROVIDER_LEG),
    },
    "voice": {
        "bad_by_400_only": AnswerMeaning(Cause.VOICE_QUALITY),
        "bad_directly_too": AnswerMeaning(Cause.VOICE_QUALITY, Party.HOLDER),
    },
    "direct_call": {
        "works": AnswerMeaning(Cause.PROVIDER_LEG),
        "arrears": AnswerMeaning(Cause.BINDING_ARREARS),
        "barred": AnswerMeaning(Cause.BINDING_BARRED),
        "nonexistent": AnswerMeaning(Cause.BINDING_NONEXISTENT),
        "off": AnswerMeaning(Cause.BINDING_OFF),
        "out_of_area": AnswerMeaning(Cause.BINDING_OUT_OF_AREA),
        "busy": AnswerMeaning(Cause.BINDING_BUSY),
        "no_answer": AnswerMeaning(Cause.BINDING_NO_ANSWER),
        "rejected": AnswerMeaning(Cause.BINDING_REJECTED),
        "forwarded": AnswerMeaning(Cause.BINDING_FORWARDED),
    },
}
"""The meanings of answers about calls, by question; other answers imply nothing."""
_NO_QUESTION: Final = Message("{name}: is not a question, expected one of {questions}")
_NO_ANSWER: Final = Message("{name}: '{answer}' is no answer, expected {expected}")
INDEFINITE_CAUSES: Final = frozenset(
    {Cause.HEALTHY, Cause.UNKNOWN, Cause.MONITORING_BLIND, Cause.PROVIDER_LEG}
)
"""Verdicts that answers may overrule: none of them rests on a definite fault."""


def known_questions() -> Mapping[str, Sequence[str]]:
    """Returns every question with the answers it accepts; none for a number."""
    questions = {name: tuple(meanings) for name, meanings in ANSWER_MEANINGS.items()}
    questions["control_call"] = ("works", "fails")
    questions["who_fails"] = (*ANSWER_MEANINGS["who_fails"], "everyone")
    questions["voice"] = (*ANSWER_MEANINGS["voice"], "good")
    nodes = [node for node in WIRELESS_TREE.values() if node.choices]
    chosen = {node.name: tuple(node.choices) for node in nodes if not node.is_measured}
    measured = {node.name: () for node in nodes if node.is_measured}
    return {**questions, CALLER_AREA: (), **chosen, **measured}


def answer_errors(answers: Mapping[str, str]) -> list[Message]:
    """Returns what is wrong with ``answers``, one text per error."""
    questions = known_questions()
    errors = []
    for name, answer in answers.items():
        values: dict[str, object] = {"name": name, "answer": answer}
        if name not in questions:
            values["questions"] = ", ".join(questions)
            errors.append(_NO_QUESTION.with_values(**values))
        elif questions[name] and answer not in questions[name]:
            values["expected"] = "|".join(questions[name])
            errors.append(_NO_ANSWER.with_values(**values))
        elif not questions[name] and not _is_number(answer):
            values["expected"] = Message("a number")
            errors.append(_NO_ANSWER.with_values(**values))
    return errors


def next_question(
    cause: str, answers: Mapping[str, str], locale: str
) -> tuple[str, str, Sequence[str]] | None:
    """Returns the name, the text and the accepted answers of the question to put to a person next.

    ``None`` if no answer would refine the verdict. A question for a number accepts any answer.
    """
    question = _next(cause, answers)
    return None if question is None else (question[0], question[1].text(locale), question[2])


def _next(cause: str, answers: Mapping[str, str]) -> tuple[str, Message, Sequence[str]] | None:
    if cause in WIRELESS_CAUSES:
        node = traverse_wireless_tree(answers).node
        choices = () if node.is_measured else tuple(node.choices)
        return (node.name, node.message, choices) if node.choices else None
    if cause not in INDEFINITE_CAUSES - {Cause.HEALTHY}:
        return None
    name = next((question for question in ANSWER_MEANINGS if question not in answers), None)
    if name is None:
        return None
    return name, control_question(name), known_questions()[name]


def apply_answers(diagnosis: NumberDiagnosis, verdict: Verdict) -> Verdict:
    """Returns ``verdict`` as people's answers refine or overrule it."""
    if verdict.cause in INDEFINITE_CAUSES or _rests_on_callers(verdict):
        verdict = _apply_meanings(diagnosis, verdict)
    if verdict.cause not in WIRELESS_CAUSES:
        return verdict
    return _apply_traversal(diagnosis, verdict, traverse_wireless_tree(diagnosis.answers))


def _rests_on_callers(verdict: Verdict) -> bool:
    """Whether the verdict rests on what callers heard, which a person's own call overrules."""
    has_reports = any(fact.source == CALLERS for fact in verdict.evidence)
    return has_reports and verdict.confidence < ANSWER_CONFIDENCE


def _apply_meanings(diagnosis: NumberDiagnosis, verdict: Verdict) -> Verdict:
    for question, meanings in ANSWER_MEANINGS.items():
        answer = diagnosis.answers.get(question, "")
        meaning = meanings.get(answer)
        if meaning is not None:
            evidence = [_evidence(question, answer), *verdict.evidence]
            return diagnosis.conclude(
                meaning.cause, ANSWER_CONFIDENCE, evidence, party=meaning.party
            )
    return _with_next_question(diagnosis, verdict)


def _with_next_question(diagnosis: NumberDiagnosis, verdict: Verdict) -> Verdict:
    """``verdict`` with the question first whose answer would refine it."""
    question = _next(verdict.cause, diagnosis.answers)
    if question is None:
        return verdict
    name, text, choices = question
    prompt = Joined((text, f"[{name}={'|'.join(choices)}]"), " ")
    return with_first(verdict, diagnosis.locale, questions=prompt)


def _apply_traversal(diagnosis: NumberDiagnosis, verdict: Verdict, traversal: Traversal) -> Verdict:
    """``verdict`` with the next question of the wireless tree, or with its conclusion."""
    locale, node = diagnosis.locale, traversal.node
    answers = (_evidence(question.name, answer) for question, answer in traversal.path)
    evidence = (*verdict.evidence, *answers)
    if not traversal.is_complete:
        verdict = msgspec.structs.replace(verdict, evidence=evidence)
        return with_first(verdict, locale, questions=node.prompt)
    conclusion = Evidence("wireless tree", node.message.text(locale), ANSWER_SOURCE)
    verdict = msgspec.structs.replace(verdict, evidence=(*evidence, conclusion))
    verdict = with_texts(verdict, locale, questions=())
    if node.party is None:
        return verdict if node.step is None else with_first(verdict, locale, next_steps=node.step)
    subject = diagnosis.contact_subject(UNKNOWN_CARRIER)
    verdict = msgspec.structs.replace(
        verdict,
        cause=(node.cause or Cause(verdict.cause)).value,
        party=node.party.value,
        contact=contact_for(diagnosis.context.settings, node.party, subject),
        confidence=ANSWER_CONFIDENCE,
    )
    return with_texts(verdict, locale, next_steps=() if node.step is None else (node.step,))


def _evidence(question: str, answer: str) -> Evidence:
    return Evidence(question, mask_text(answer), ANSWER_SOURCE)


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False

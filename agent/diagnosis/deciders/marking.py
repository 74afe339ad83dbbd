"""Marks of a number by the people it calls: harassment, advertising, fraud.

They stop no call to the number. Calls back from it are shown with the mark, and few are taken
(docs/reference/domain.md §7).
"""

from typing import Final

from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.i18n.words import MARKINGS, word
from agent.states import REFUSED_TAGS, Capability, Cause
from agent.verdict import Verdict

MARKED: Final = 0.9
"""Confidence that calls back are refused because of the mark."""


def decide(diagnosis: NumberDiagnosis) -> Verdict | None:
    """For an alert about a mark: ``number_marked``, for the admin."""
    number = diagnosis.listed_number
    marking = None if number is None else number.marking
    if marking is None or marking.tag not in REFUSED_TAGS:
        return None
    evidence = [
        diagnosis.fact("marked as", marking.tag.value, Capability.NUMBERS),
        diagnosis.fact("marked by", marking.count, Capability.NUMBERS),
    ]
    facts = {"tag": word(marking.tag.value, MARKINGS), "count": str(marking.count)}
    return diagnosis.conclude(Cause.NUMBER_MARKED, MARKED, evidence, facts=facts)


def note(diagnosis: NumberDiagnosis) -> None:
    """Note a mark beside any other verdict: it may be why calls back are refused."""
    number = diagnosis.listed_number
    marking = None if number is None else number.marking
    if marking is not None and marking.tag in REFUSED_TAGS:
        diagnosis.warn("marked", tag=word(marking.tag.value, MARKINGS), count=str(marking.count))

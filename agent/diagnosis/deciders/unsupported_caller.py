"""Callers who cannot dial a 400 number, however well it works (docs/reference/domain.md §1).

Calls from abroad get through only where the operator there lets them; 400 and 800 numbers take
calls and make none, so that a call that shows one was made by someone else.
"""

from collections.abc import Callable, Sequence
from typing import Final

from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.routing.caller import is_abroad, is_hotline
from agent.states import Capability, Cause, Party
from agent.verdict import Verdict

LIKELY: Final = 0.7
CLASSES: Final[Sequence[tuple[str, Callable[[str], bool]]]] = (
    ("caller_abroad", is_abroad),
    ("caller_is_hotline", is_hotline),
)
"""The classes of callers by the name of their finding."""


def decide(diagnosis: NumberDiagnosis) -> Verdict | None:
    """``unknown``, for the caller, if callers of this class cannot dial a 400 number."""
    finding = next((name for name, applies in CLASSES if applies(diagnosis.caller)), None)
    if finding is None:
        return None
    diagnosis.warn(finding)
    state = diagnosis.result.number_state(diagnosis.number)
    evidence = [diagnosis.fact("number_state", state, Capability.NUMBERS)] if state else []
    return diagnosis.conclude(Cause.UNKNOWN, LIKELY, evidence, party=Party.CALLER)

"""What a person found in an inspection: facts do not tell its cause, and never that all is well."""

from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.states import Cause, Party
from agent.verdict import Verdict

NOT_KNOWN = 0.5
"""Confidence: who inspected knows more than the facts."""


def decide(diagnosis: NumberDiagnosis) -> Verdict:
    """For an alert about findings: ``unknown``, for the admin, whatever the facts show."""
    return diagnosis.conclude(Cause.UNKNOWN, NOT_KNOWN, party=Party.ADMIN)

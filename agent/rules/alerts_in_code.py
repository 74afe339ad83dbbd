"""The alerts that no rule file has: the agent makes them of what people say and of other alerts."""

from dataclasses import dataclass
from typing import Final

from agent.i18n import Message
from agent.states import Scope, Severity

COMMON_CAUSE: Final = "CommonCause"
COMPLAINT_AFTER_REPAIR: Final = "ComplaintAfterRepair"
COMPLAINT_WITHOUT_ALARM: Final = "ComplaintWithoutAlarm"
CONFIG_DRIFT_REJECTED: Final = "ConfigDriftRejected"
INSPECTION_FINDING: Final = "InspectionFinding"


@dataclass(frozen=True)
class AlertInCode:
    """An alert that the agent makes itself, for the lists of all alerts."""

    name: str
    scope: Scope
    severities: tuple[Severity, ...]
    summary: Message
    """What it says, with ``{}`` for what it is about."""


_ABOUT: Final = {"number": "{}"}
ALERTS_IN_CODE: Final = (
    AlertInCode(
        COMPLAINT_WITHOUT_ALARM,
        Scope.NUMBER,
        (Severity.CRITICAL, Severity.WARNING),
        Message("Callers complain about {number}, and no alert reported a fault", _ABOUT),
    ),
    AlertInCode(
        COMPLAINT_AFTER_REPAIR,
        Scope.NUMBER,
        (Severity.CRITICAL, Severity.WARNING),
        Message("Callers complain about {number} after its repair", _ABOUT),
    ),
    AlertInCode(
        CONFIG_DRIFT_REJECTED,
        Scope.NUMBER,
        (Severity.CRITICAL, Severity.WARNING),
        Message("The changed configuration of number {number} was rejected", _ABOUT),
    ),
    AlertInCode(
        INSPECTION_FINDING,
        Scope.NUMBER,
        (Severity.WARNING,),
        Message("An inspection of number {number} has findings", _ABOUT),
    ),
    AlertInCode(
        COMMON_CAUSE,
        Scope.PROVIDER,
        (Severity.CRITICAL, Severity.WARNING, Severity.INFO),
        Message("Several numbers broke within a short time, in the same way"),
    ),
)
"""Each has a runbook, as the alerts of the rule files have."""

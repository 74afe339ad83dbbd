"""The texts of confirmation sheets and fault statistics."""

from collections.abc import Mapping
from typing import Final

from agent.i18n import Message, contextual
from agent.tickets.forms import FaultCause, Outcome

_CAUSES: Final[Mapping[FaultCause, Message]] = {
    FaultCause.TRANSMISSION_LINE: Message("transmission line"),
    FaultCause.OPERATOR_EQUIPMENT: Message("operator's equipment"),
    FaultCause.CUSTOMER_EQUIPMENT: Message("customer's equipment"),
    FaultCause.CUSTOMER_LAN: Message("customer's own network"),
    FaultCause.AGGREGATION_LAYER: Message("aggregation layer"),
    FaultCause.OTHER: Message("other"),
}
_OUTCOMES: Final[Mapping[Outcome, Message]] = {
    Outcome.RESTORED: Message("restored"),
    Outcome.OBSERVE: Message("under observation"),
    Outcome.NOT_FIXED: Message("not fixed"),
    Outcome.OTHER: Message("other"),
}
_SHEET: Final[Mapping[str, Message]] = {
    "title": Message("Fault handling and confirmation"),
    "ticket": contextual("sheet", "Ticket"),
    "issued": Message("Issued by"),
    "printed": Message("Printed"),
    "provider_ticket": Message("Provider's ticket"),
    "customer": contextual("sheet", "Customer"),
    "contact": Message("Contact"),
    "service": Message("Service affected"),
    "phone": Message("Phone"),
    "address": Message("Address"),
    "grade": contextual("sheet", "Grade"),
    "staff": contextual("sheet", "Staff"),
    "helpers": Message("Helpers"),
    "appointment": Message("Hour agreed"),
    "arrived": Message("Arrived"),
    "ended": Message("Ended"),
    "departed": Message("Departed"),
    "work_done": Message("Work done"),
    "spare_parts": Message("Spare parts"),
    "since": Message("Fault since"),
    "detected": Message("Detected"),
    "restored": contextual("sheet", "Restored"),
    "pattern": Message("Pattern"),
    "continuous": Message("continuous"),
    "intermittent": Message("intermittent"),
    "problem": contextual("sheet", "Problem"),
    "findings": contextual("sheet", "Findings"),
    "diagnosis": Message("Diagnosis"),
    "responsible": Message("Responsible"),
    "result": contextual("sheet", "Result"),
    "joint_test": contextual("sheet", "Joint test"),
    "measures": Message("Measures against a repetition"),
    "cause": contextual("sheet", "Cause"),
    "outcome": contextual("sheet", "Outcome"),
    "opinion": Message("Customer's opinion"),
    "clocks": Message("Promised times"),
    "clock": Message("Clock"),
    "allowed": Message("Allowed"),
    "used": contextual("sheet", "Used"),
    "met": Message("Kept"),
    "yes": Message("yes"),
    "no": Message("no"),
    "paused": Message("paused"),
    "signature_staff": Message("Signature of staff"),
    "signature_customer": Message("Signature of customer"),
    "date": Message("Date"),
    "waiver": Message("Closed without confirmation"),
    "contact_clock": Message("first contact"),
    "on_site_clock": contextual("sheet", "on site"),
    "restore_clock": Message("restoration"),
    "members": Message("Numbers affected"),
}
_STATISTICS: Final = (
    Message("date"),
    Message("fault no."),
    Message("type"),
    Message("project code"),
    Message("project name"),
    Message("category"),
    Message("part"),
    Message("material no."),
    Message("serial no."),
    Message("model"),
    Message("quantity"),
    Message("part description"),
    Message("symptom description"),
    Message("responsible"),
    Message("supplier"),
    Message("preliminary cause"),
    Message("place"),
    Message("time"),
    Message("handler"),
    contextual("statistics", "phone"),
)


def sheet_words(locale: str) -> Mapping[str, str]:
    """The words of the confirmation sheet, by the names its template has for them."""
    return {name: message.text(locale) for name, message in _SHEET.items()}


def causes(locale: str) -> Mapping[FaultCause, str]:
    """The causes the sheet offers."""
    return {cause: message.text(locale) for cause, message in _CAUSES.items()}


def outcomes(locale: str) -> Mapping[Outcome, str]:
    """The outcomes the sheet offers."""
    return {outcome: message.text(locale) for outcome, message in _OUTCOMES.items()}


def statistics_columns(locale: str) -> tuple[str, ...]:
    """The columns of the fault statistics (docs/reference/domain.md §3)."""
    return tuple(message.text(locale) for message in _STATISTICS)

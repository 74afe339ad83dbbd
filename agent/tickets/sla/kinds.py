"""What is promised for a fault of a kind: outages are urgent, notices are not; pure.

The grade's promise is about outages. A balance that runs low, a contract that ends or a
configuration that is wrong can wait for a working day: they carry the times of an ordinary
matter (docs/reference/domain.md §3), and a renewal is due by its date.
"""

from enum import StrEnum, unique

from msgspec.structs import replace

from agent.rules.alerts_in_code import COMMON_CAUSE
from agent.states import Grade, Severity
from agent.tickets.decide.common_cause import NUMBERS
from agent.tickets.decide.faults import Fault
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import Events, Terms, readings
from agent.tickets.ticket import Subject

_HOUR = 3600.0
_CONTACT, _SOLUTION = 24 * _HOUR, 48 * _HOUR
"""What an ordinary matter is promised (docs/reference/domain.md §3)."""


@unique
class Kind(StrEnum):
    """Which times fit a fault."""

    OUTAGE = "outage"
    NOTICE = "notice"
    RENEWAL = "renewal"


_NOTICES = frozenset(
    {
        *("spend_cap", "lint", "marked", "unmapped", "clock_skew", "over_limit"),
        *("capacity", "recordings", "owned_twice", "replica_clock", "inspection"),
        *("unusual_calls", "probe_setup_slow"),
    }
)
_UNTIL_CRITICAL = frozenset({"balance", "drift", "realname"})
"""Symptoms that are notices until they are critical: then service stops, or is at risk."""


def kind_of(subject: Subject, severity: Severity) -> Kind:
    """Which times fit a fault of ``subject``."""
    symptom = subject.symptom.removeprefix(NUMBERS)
    if symptom == "contract":
        return Kind.RENEWAL
    is_mild = symptom in _UNTIL_CRITICAL and severity is not Severity.CRITICAL
    return Kind.NOTICE if is_mild or symptom in _NOTICES else Kind.OUTAGE


def terms_for(
    subject: Subject, severity: Severity, promised: Terms, due_in: float | None = None
) -> Terms:
    """What is promised for a fault of ``subject`` where its grade is promised ``promised``.

    Args:
        subject: What is broken.
        severity: How grave it is.
        promised: What the grade is promised for an outage; where that is nothing, a notice has
            no clocks either.
        due_in: For a renewal, the seconds until its date; ``None`` where that is not known.
    """
    kind = kind_of(subject, severity)
    if kind is Kind.OUTAGE:
        return promised
    notice = replace(
        promised,
        contact=None if promised.contact is None else max(_CONTACT, promised.contact),
        on_site=None,
        restore=None if promised.restore is None else max(_SOLUTION, promised.restore),
    )
    if kind is Kind.RENEWAL and due_in is not None and due_in > 0:
        # A date is a date, whatever the working time.
        return Terms(restore=due_in)
    return notice


def started(fault: Fault, grade: Grade, terms: Terms, now: float) -> Events:
    """The clocks of a new ticket: from the first alarm on (docs/reference/domain.md §3).

    A common cause is detected now, when enough numbers are known to share it. No ticket is
    late when it is opened: an alarm from long before, which reached the agent only now, starts
    its clocks now.
    """
    is_inferred = all(alert.name == COMMON_CAUSE for alert in fault.alerts)
    alarms = [it.fired_at for it in fault.alerts if it.fired_at is not None]
    at = now if is_inferred else min([now, *alarms])
    if kind_of(fault.subject, fault.severity) is Kind.RENEWAL:
        at = now
    events = clocks.start(grade, terms, at)
    if any(reading.breached for reading in readings(events, now)):
        return clocks.start(grade, terms, now)
    return events

"""Tickets whose handling is known to the minute."""

from datetime import datetime
from zoneinfo import ZoneInfo

from agent.states import PARTY_OF_CAUSE, Cause, ClockName, Grade, Scope, Severity, Stage
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import Events, Terms
from agent.tickets.ticket import Entry, Member, Subject, Text, Ticket
from agent.verdict import Verdict

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
TERMS = Terms(contact=15 * MINUTE, on_site=HOUR, restore=2 * HOUR)
A, B, C = "4006220001", "4006220002", "4008220003"


def at(text: str) -> float:
    """``text``, such as ``09-03 10:00``, of 2026 in Shanghai."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE).timestamp()


def handled(
    name: str,
    began: str,
    *,
    contact: float | None = None,
    restored: float | None = None,
    closed: float | None = None,
    number: str = A,
    cause: str = "number_suspended_arrears",
    symptom: str = "number_down",
    provider: str = "north",
    events: Events | None = None,
    **more: object,
) -> Ticket:
    """A ticket with what happened when, in minutes after its beginning."""
    start = at(began)
    recorded = clocks.start(Grade.AAA, TERMS, start) if events is None else events
    if contact is not None:
        recorded = clocks.stop(recorded, start + contact * MINUTE, ClockName.CONTACT)
    restored_at = None if restored is None else start + restored * MINUTE
    if restored_at is not None:
        recorded = clocks.stop(recorded, restored_at)
    closed_at = None if closed is None else start + closed * MINUTE
    fields = {
        "key": f"key-{name}",
        "episode": 1,
        "subject": Subject(Scope.NUMBER, symptom, provider, "hq", number),
        "stage": Stage.DIAGNOSING if closed_at is None else Stage.CLOSED,
        "severity": Severity.CRITICAL,
        "grade": Grade.AAA,
        "started_at": start,
        "detected_at": start,
        "text": Text(f"{number} is down", "No call gets through."),
        "company": "示例公司",
        "carrier": "unicom",
        "diagnosis": Verdict(number, cause, PARTY_OF_CAUSE[Cause(cause)], "", 0.9, start),
        "clocks": recorded,
        "restored_at": restored_at,
        "closed_at": closed_at,
        "timeline": (Entry(start, "numwatch", "detected", "an alert fired"),),
    }
    return Ticket(id=name, **{**fields, **more})


def outage(name: str, began: str, minutes: float, *numbers: str) -> Ticket:
    """A provider's outage that took in ``numbers`` for ``minutes``."""
    start = at(began)
    over = start + minutes * MINUTE
    members = tuple(
        Member(f"m-{it}", Subject(Scope.NUMBER, "number_down", "north", "hq", it), start, over)
        for it in numbers
    )
    return handled(
        name,
        began,
        restored=minutes,
        closed=minutes + 5,
        cause="provider_outage",
        subject=Subject(Scope.PROVIDER, "provider_outage", "north"),
        members=members,
        company="",
        carrier="",
    )

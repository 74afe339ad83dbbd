"""What follows from complaints: which ticket they belong to, and what they tell as alerts.

A complaint about a number whose fault has its ticket belongs to that ticket, or to the one of
its common cause. One that comes after the repair says that there was none. Any other is a
fault that monitoring does not see, and gets a ticket of its own (domain.md §3).
"""

import math
from collections.abc import Collection, Iterable, Sequence

from agent.complaints.complaint import SYMPTOM, first_times, severe_by_complaints
from agent.complaints.repository import Kept
from agent.model import Alert
from agent.states import Scope, Severity, Stage
from agent.tickets.key import key_of, ticket_id
from agent.tickets.lifecycle import RECOVERED
from agent.tickets.ticket import Subject, Ticket

ALONE, AGAIN = "ComplaintWithoutAlarm", "ComplaintAfterRepair"
UNUSABLE = frozenset({"number_down", "binding_down", "network_mismatch"})
"""Symptoms of a number that callers notice."""

Place = tuple[str, str]
"""A provider and an account."""


def own_subject(number: str, place: Place) -> Subject:
    """What a ticket is about that complaints alone have opened."""
    return Subject(Scope.NUMBER, SYMPTOM, provider=place[0], account=place[1], number=number)


def is_own(found: str, number: str, place: Place) -> bool:
    """Whether the ticket ``found`` is one that complaints about the number opened."""
    own = ticket_id(key_of(own_subject(number, place)), 0).rpartition("-")[0]
    return found.rpartition("-")[0] == own


def concerning(numbers: Collection[str], tickets: Iterable[Ticket]) -> dict[str, list[Ticket]]:
    """The tickets about each of ``numbers``, its own and those it is a member of.

    With a ticket that another one explains comes that other one, first.
    """
    known = {ticket.id: ticket for ticket in tickets}
    found: dict[str, list[Ticket]] = {number: [] for number in numbers}
    for ticket in known.values():
        named = {ticket.subject.number, *(member.subject.number for member in ticket.members)}
        for number in named & found.keys():
            parent = known.get(ticket.parent) if ticket.stage is Stage.SUPPRESSED else None
            found[number] += [ticket] if parent is None else [parent, ticket]
    return found


def covering(number: str, place: Place, at: float, tickets: Iterable[Ticket]) -> Ticket | None:
    """The open ticket that a complaint of trouble at ``at`` belongs to: the root's, if any.

    A ticket whose recovery was seen before that does not cover it.
    """
    tickets = list(tickets)
    found = [it for it in tickets if _covers(it, number, place, at) and not _over(it, at)]
    explained = {it.parent for it in found if it.stage is Stage.SUPPRESSED}
    roots = [it for it in tickets if it.id in explained]
    return next(iter(roots), None) or min(found, key=_is_complaints_own, default=None)


def repaired(number: str, place: Place, at: float, tickets: Iterable[Ticket]) -> Ticket | None:
    """The number's open ticket whose recovery had been seen before the trouble of ``at``."""
    return next((it for it in tickets if _is_of(it, number, place) and _over(it, at)), None)


def closed_before(
    number: str, place: Place, now: float, window: float, tickets: Iterable[Ticket]
) -> Ticket | None:
    """The number's ticket that was closed within ``window``; one that was muted is none."""
    for ticket in tickets:
        recent = ticket.closed_at is not None and now - ticket.closed_at <= window
        if recent and not ticket.muted and _is_of(ticket, number, place):
            return ticket
    return None


def covered(number: str, place: Place, at: float, tickets: Iterable[Ticket]) -> Ticket | None:
    """The closed ticket of a common cause that the number was a member of at ``at``."""
    for ticket in tickets:
        if ticket.started_at <= at and _covers(ticket, number, place, at) and not _over(ticket, at):
            return ticket
    return None


def alert_of(
    number: str, place: Place, kept: Sequence[Kept], stands: float, now: float
) -> Alert | None:
    """What the complaints about one number tell as an alert; ``None`` when it has its ticket.

    After a repair they hold the repaired ticket for ``stands`` seconds; then the facts decide.
    """
    again = [it for it in kept if it.again is not None]
    recent = [it for it in again if now - it.complaint.received_at < stands]
    if recent and recent[-1].again is not None:
        return _alert(AGAIN, recent[-1].again, recent)
    alone = [it for it in kept if not it.ticket_id or is_own(it.ticket_id, number, place)]
    return _alert(ALONE, own_subject(number, place), alone) if alone else None


def _covers(ticket: Ticket, number: str, place: Place, at: float) -> bool:
    if _is_of(ticket, number, place):
        return True
    return any(
        (member.left_at is None or member.left_at >= at)
        and member.subject.number == number
        and (member.subject.provider, member.subject.account) == place
        and member.subject.symptom in UNUSABLE
        for member in ticket.members
    )


def _is_complaints_own(ticket: Ticket) -> tuple[bool, float]:
    return ticket.subject.symptom == SYMPTOM, ticket.detected_at


def _is_of(ticket: Ticket, number: str, place: Place) -> bool:
    subject = ticket.subject
    return (
        subject.scope is Scope.NUMBER
        and (subject.provider, subject.account, subject.number) == (*place, number)
        and (subject.symptom in UNUSABLE or subject.symptom == SYMPTOM)
    )


def _over(ticket: Ticket, at: float) -> bool:
    """Whether the fault counted as over before ``at``."""
    if ticket.stage in RECOVERED or not ticket.open:
        since = ticket.restored_at
    else:
        since = ticket.progress.good_since if ticket.stage is Stage.OBSERVING else None
    return since is not None and at > since


def _alert(name: str, subject: Subject, kept: Sequence[Kept]) -> Alert:
    told = [it.complaint for it in kept]
    times = first_times(told)
    many = severe_by_complaints(times) is not None
    severity = Severity.CRITICAL if many else Severity.WARNING
    return Alert(
        name=name,
        labels={
            "account": subject.account,
            "number": subject.number,
            "provider": subject.provider,
            "scope": subject.scope.value,
            "severity": severity.value,
            "symptom": subject.symptom,
        },
        annotations=_words(name, subject.number, len(times), told[-1].prompt),
        state="firing",
        active_at=min(one.at for one in told),
        fired_at=min(one.received_at for one in told),
        value=math.nan,
    )


def _words(name: str, number: str, callers: int, prompt: str) -> dict[str, str]:
    heard, heard_zh = (
        (f" They heard “{prompt}”.", f"听到的提示：“{prompt}”。") if prompt else ("", "")
    )
    return {
        part: text.format(number=number, callers=callers, heard=heard, heard_zh=heard_zh)
        for part, text in _WORDS[name].items()
    }


_WORDS = {
    ALONE: {
        "summary": "Callers complain about {number}, and no alert told of a fault",
        "description": "{callers} caller(s) complained that {number} cannot be reached as it"
        " should.{heard} When they did, nothing that is watched was wrong with the number:"
        " monitoring missed it, or it concerns only some callers.",
        "summary_zh": "{number} 有用户投诉，但监控未发现故障",
        "description_zh": "{callers} 位主叫投诉号码 {number} 无法正常接通。{heard_zh}"
        "投诉时该号码的监控指标均无异常：监控遗漏，或仅影响部分主叫。",
    },
    AGAIN: {
        "summary": "Callers complain about {number} after its repair",
        "description": "{callers} caller(s) complained about {number} after its fault was seen to"
        " be over.{heard}",
        "summary_zh": "{number} 修复后仍有用户投诉",
        "description_zh": "号码 {number} 的故障恢复后，仍有 {callers} 位主叫投诉。{heard_zh}",
    },
}

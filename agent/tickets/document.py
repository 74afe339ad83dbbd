"""The ticket's JSON, as sinks and the API have it (docs/reference/interface.md, Ticket).

Times are RFC 3339 in UTC with milliseconds, so that they also sort as text.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from agent.complaints.complaint import (
    SYMPTOM,
    Complaint,
    Deadline,
    Pattern,
    joined_prompts,
    samples,
)
from agent.masking import mask_reference, mask_text
from agent.states import PARTY_OF_CAUSE, Cause
from agent.tickets.ending import ending_of
from agent.tickets.forms import Confirmation, QualityCheck, Visit
from agent.tickets.joint_test import JointTest
from agent.tickets.sla.clocks import Reading, readings
from agent.tickets.ticket import Entry, Member, Severe, Ticket
from agent.tickets.together import members_share
from agent.verdict import Evidence, Verdict

REPORTER = "numwatch"
"""The reporter of a ticket that monitoring opened."""
_TIMES = frozenset({"at", "hour"})
_CALLERS = "callers"
"""The reporter of a ticket that complaints opened."""


def document(ticket: Ticket, now: float) -> dict[str, Any]:
    """The whole ticket; remaining times are as of ``now``."""
    return {
        **summary(ticket),
        "started_at": stamp(ticket.started_at),
        "closed_at": stamp(ticket.closed_at),
        "restored_at": stamp(ticket.restored_at),
        "pattern": _pattern(ticket),
        "description": ticket.text.description,
        "sample_callers": samples(ticket.complaints),
        "prompt_heard": mask_text(joined_prompts(ticket.complaints)),
        "reporter": _reporter(ticket),
        "complaints": [complaint_document(complaint) for complaint in ticket.complaints],
        "alerts": list(map(mask_text, ticket.alerts)),
        "diagnosis": _diagnosis(ticket.diagnosis),
        "members": [_member(member) for member in ticket.members],
        "members_share": members_share(ticket),
        "clocks": [_clock(reading) for reading in readings(ticket.clocks, now)],
        "provider_ticket": mask_reference(ticket.provider_ticket),
        "appointment": stamp(ticket.appointment),
        "visits": [_form(visit) for visit in ticket.visits],
        "joint_test": _joint_test(ticket.joint_test),
        "confirmation": _confirmation(ticket),
        "outcome": ticket.outcome,
        "resolution": ticket.resolution,
        "end": _end(ticket),
        "closed_by": ticket.closed_by,
        "assignee": ticket.assignee,
        "responsible": ticket.responsible,
        "severe": _severe(ticket.severe),
        "quality": [_check(check) for check in ticket.quality],
        "muted_until": stamp(ticket.muted_until),
        "parent": ticket.parent,
        "previous": ticket.previous,
        "repeats": ticket.repeats,
        "timeline": [_entry(entry) for entry in ticket.timeline],
    }


def summary(ticket: Ticket) -> dict[str, Any]:
    """One row of a list of tickets."""
    return {
        "id": ticket.id,
        "key": ticket.key,
        "episode": ticket.episode,
        "revision": ticket.revision,
        "stage": ticket.stage.value,
        "severity": ticket.severity.value,
        "grade": ticket.grade.value,
        "scope": ticket.subject.scope.value,
        "symptom": ticket.subject.symptom,
        "title": ticket.text.title,
        "provider": ticket.subject.provider,
        "account": ticket.subject.account,
        "number": ticket.subject.number,
        "binding": ticket.subject.binding,
        "carrier": mask_text(ticket.carrier),
        "company": mask_text(ticket.company),
        "detected_at": stamp(ticket.detected_at),
    }


def stamp(at: float | None) -> str | None:
    """``at`` as RFC 3339 text; ``None`` stays ``None``."""
    if at is None:
        return None
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def complaint_document(complaint: Complaint) -> dict[str, Any]:
    """One complaint. Callers' texts may contain phone numbers, so numbers in them are masked."""
    return {
        "id": complaint.id,
        "at": stamp(complaint.at),
        "received_at": stamp(complaint.received_at),
        "caller": complaint.caller,
        "prompt_heard": mask_text(complaint.prompt),
        "channel": complaint.channel.value,
        "content": mask_text(complaint.content),
        "reference": mask_reference(complaint.reference),
        "handler": mask_text(complaint.handler),
        "kind": complaint.kind.value,
        "company": mask_text(complaint.company),
        "symptom": complaint.symptom,
        "pattern": complaint.pattern,
        "callers": list(complaint.callers),
        "contact": complaint.contact,
        "satisfied": complaint.satisfied,
        "regulator": {name: stamp(at) for name, at in complaint.regulator.items()},
        "deadlines": [_deadline(deadline) for deadline in complaint.deadlines],
        "filed": [
            {"at": stamp(it.at), "actor": it.actor, "event": it.event, "text": mask_text(it.text)}
            for it in complaint.filed
        ],
    }


def _deadline(deadline: Deadline) -> dict[str, Any]:
    return {
        "step": deadline.step.value,
        "due": stamp(deadline.due),
        "done_at": stamp(deadline.done_at),
        "calendar_known": deadline.certain,
    }


def _pattern(ticket: Ticket) -> str:
    """Intermittent where the fault came back, or where a person reported it so."""
    reported = any(complaint.pattern == Pattern.INTERMITTENT for complaint in ticket.complaints)
    return Pattern.INTERMITTENT if reported or ticket.progress.flaps else Pattern.CONTINUOUS


def _reporter(ticket: Ticket) -> str:
    return _CALLERS if ticket.subject.symptom == SYMPTOM else REPORTER


def payload(ticket: Ticket, kind: str, now: float) -> bytes:
    """The webhook body of a change of ``kind``, such as ``ticket.opened``.

    The type comes first; ``agent/tickets/outbox/rows.py`` relies on that.
    """
    body = {"type": kind, "timestamp": stamp(now), "data": document(ticket, now)}
    return msgspec.json.encode(body)


def _diagnosis(verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:
        cause = Cause.UNKNOWN
        verdict = Verdict("", cause, PARTY_OF_CAUSE[cause], "", 0.0, None)
    return {
        "cause": str(verdict.cause),
        "party": str(verdict.party),
        "contact": verdict.contact,
        "confidence": verdict.confidence,
        "since": stamp(verdict.since),
        "evidence": [_evidence(evidence) for evidence in verdict.evidence],
        "findings": list(verdict.findings),
        "next_steps": list(verdict.next_steps),
        "questions": list(verdict.questions),
    }


def _end(ticket: Ticket) -> dict[str, Any] | None:
    """What was seen at the end; the diagnosis beside it stays that of the fault."""
    ending = ending_of(ticket)
    if ending is None:
        return None
    return {"at": stamp(ending.at), "seen": mask_text(ending.seen), "how": ending.how}


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "fact": evidence.fact,
        "value": mask_text(evidence.value),
        "source": evidence.source,
        "age_seconds": evidence.age_seconds,
    }


def _member(member: Member) -> dict[str, Any]:
    subject = member.subject
    return {
        "number": subject.number,
        "account": subject.account,
        "binding": subject.binding,
        "symptom": subject.symptom,
        "joined_at": stamp(member.joined_at),
        "left_at": stamp(member.left_at),
    }


def _clock(reading: Reading) -> dict[str, Any]:
    return {
        "name": reading.name.value,
        "deadline": stamp(reading.deadline),
        "remaining_seconds": round(reading.remaining, 3),
        "paused": bool(reading.paused),
        "pause_reasons": [reason.value for reason in reading.paused],
        "stopped_at": stamp(reading.stopped_at),
        "breached": reading.breached,
        "allowed_seconds": reading.allowed,
        "elapsed_seconds": round(reading.elapsed, 3),
        "calendar_known": reading.certain,
    }


def _joint_test(joint: JointTest | None) -> dict[str, Any] | None:
    """The newest joint test by test calls; ``None`` before the first."""
    if joint is None:
        return None
    calls = [{**msgspec.structs.asdict(it), "at": stamp(it.at)} for it in joint.calls]
    return {
        **msgspec.structs.asdict(joint),
        "state": joint.state.value,
        "requested_at": stamp(joint.requested_at),
        "ended_at": stamp(joint.ended_at),
        "calls": calls,
    }


def _confirmation(ticket: Ticket) -> dict[str, Any]:
    """The form with phone numbers masked, and the waiver; empty without either."""
    fields: dict[str, Any] = {}
    if ticket.confirmation is not None:
        fields |= _form(ticket.confirmation)
    if ticket.waiver is not None:
        waiver = msgspec.structs.asdict(ticket.waiver)
        fields["waiver"] = {**waiver, "at": stamp(ticket.waiver.at)}
    return fields


def _form(form: Confirmation | Visit) -> dict[str, Any]:
    fields = msgspec.structs.asdict(form)
    for name, value in fields.items():
        if name in _TIMES or name.endswith("_at"):
            fields[name] = stamp(value)
        elif isinstance(value, str):
            fields[name] = mask_text(str(value))
    return fields


def _severe(severe: Severe | None) -> dict[str, Any] | None:
    if severe is None:
        return None
    return {**msgspec.structs.asdict(severe), "since": stamp(severe.since)}


def _check(check: QualityCheck) -> dict[str, Any]:
    return {**msgspec.structs.asdict(check), "at": stamp(check.at), "result": check.result.value}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "at": stamp(entry.at),
        "actor": entry.actor,
        "event": entry.event,
        "reason": entry.reason,
    }

"""Actions on a complaint: answer it, extend a deadline, survey the caller, decide an appeal.

A step is done once. Nobody hears an appeal against their own handling, and the regulator is for
callers who got no answer in time or an unsatisfactory one (docs/reference/domain.md §3).
"""

from collections.abc import Callable, Mapping
from enum import StrEnum, unique

import msgspec
from msgspec.structs import replace

from agent.complaints.complaint import Complaint, ComplaintEntry, Deadline, Step
from agent.complaints.deadlines import after_working_days, regulator_deadlines

_SECOND_HANDLING_DAYS = 7
"""Working days for hearing an appeal and for rectifying an unsatisfactory handling."""
_MAX_EXTENSION_DAYS = 30


@unique
class ComplaintAction(StrEnum):
    """An action on a complaint."""

    ASSIGN = "assign"
    COMMENT = "comment"
    ACCEPT = "accept"
    REPLY = "reply"
    VERIFY = "verify"
    SOLVE = "solve"
    INVESTIGATE = "investigate"
    RECTIFY = "rectify"
    DECIDE_APPEAL = "hear_appeal"
    EXTEND = "extend"
    SURVEY = "survey"
    APPEAL = "appeal"
    REGULATOR_FILED = "regulator_filed"
    REGULATOR_DECIDED = "regulator_decided"
    REGULATOR_ANSWERED = "regulator_answered"


class ComplaintActionError(ValueError):
    """The action is not possible; the text says why and what is expected."""


class ComplaintActionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request to act on a complaint."""

    action: ComplaintAction
    actor: str
    text: str
    fields: dict[str, str] = {}


def perform(
    complaint: Complaint, request: ComplaintActionRequest, now: float, zone: str
) -> Complaint:
    """The complaint after the requested action, which is filed with it.

    Raises:
        ComplaintActionError: when the action is not possible.
    """
    if not request.actor or not request.text:
        raise ComplaintActionError("actor and text: who does it and what there is to say of it")
    effect = _EFFECTS.get(request.action, _complete_step)
    after = effect(complaint, request, now, zone)
    entry = ComplaintEntry(now, request.actor, request.action.value, request.text)
    return replace(after, filed=(*after.filed, entry))


def _comment(
    complaint: Complaint, _request: ComplaintActionRequest, _now: float, _zone: str
) -> Complaint:
    return complaint


def _assign(
    complaint: Complaint, request: ComplaintActionRequest, _now: float, _zone: str
) -> Complaint:
    return replace(complaint, handler=_new_handler(request))


def _complete_step(
    complaint: Complaint, request: ComplaintActionRequest, now: float, _zone: str
) -> Complaint:
    deadline = _open_deadline(complaint, request.action.value)
    return _replace_deadline(complaint, deadline, replace(deadline, done_at=now))


def _extend(
    complaint: Complaint, request: ComplaintActionRequest, _now: float, zone: str
) -> Complaint:
    deadline = _open_deadline(complaint, request.fields.get("step", ""))
    days = request.fields.get("working_days", "")
    if not days.isascii() or not days.isdigit() or not 1 <= int(days) <= _MAX_EXTENSION_DAYS:
        raise ComplaintActionError(f"fields.working_days: a count from 1 to {_MAX_EXTENSION_DAYS}")
    # The deadline is the midnight that ends a day; one second earlier is in the day it ends.
    due = after_working_days(deadline.due - 1, int(days), zone)
    extended = replace(deadline, due=due.at, certain=deadline.certain and due.certain)
    return _replace_deadline(complaint, deadline, extended)


def _survey(
    complaint: Complaint, request: ComplaintActionRequest, now: float, zone: str
) -> Complaint:
    satisfied = request.fields.get("satisfied", "")
    if satisfied not in ("yes", "no"):
        raise ComplaintActionError("fields.satisfied: yes or no")
    if _is_unanswered(complaint):
        raise ComplaintActionError("a survey comes after the answer, which is still owed")
    complaint = replace(complaint, satisfied=satisfied == "yes")
    return complaint if complaint.satisfied else _add_step(complaint, Step.RECTIFY, now, zone)


def _appeal(
    complaint: Complaint, request: ComplaintActionRequest, now: float, zone: str
) -> Complaint:
    handler = _new_handler(request)
    if handler == complaint.handler or handler in {entry.actor for entry in complaint.filed}:
        raise ComplaintActionError("fields.handler: somebody else than those who handled it before")
    return _add_step(replace(complaint, handler=handler), Step.DECIDE_APPEAL, now, zone)


def _file_with_regulator(
    complaint: Complaint, _request: ComplaintActionRequest, now: float, zone: str
) -> Complaint:
    late = now >= complaint.regulator.get("eligible_from", 0.0) and _is_unanswered(complaint)
    if not late and complaint.satisfied is not False:
        raise ComplaintActionError(
            "the regulator is for whoever got no answer within 15 days or an unsatisfactory one"
        )
    return replace(complaint, regulator={**complaint.regulator, **regulator_deadlines(now, zone)})


def _require_filed(
    complaint: Complaint, _request: ComplaintActionRequest, _now: float, _zone: str
) -> Complaint:
    if "answers_by" not in complaint.regulator:
        raise ComplaintActionError(
            "it was not filed with the regulator: regulator_filed comes first"
        )
    return complaint


def _new_handler(request: ComplaintActionRequest) -> str:
    handler = request.fields.get("handler", "").strip()
    if not handler:
        raise ComplaintActionError("fields.handler: who handles it from now on")
    return handler


def _open_deadline(complaint: Complaint, step: str) -> Deadline:
    open_deadlines = [deadline for deadline in complaint.deadlines if deadline.done_at is None]
    for deadline in open_deadlines:
        if deadline.step.value == step:
            return deadline
    names = ", ".join(deadline.step.value for deadline in open_deadlines) or "nothing"
    raise ComplaintActionError(f"{step or 'that'} is not owed now; owed is {names}")


def _is_unanswered(complaint: Complaint) -> bool:
    return any(deadline.done_at is None for deadline in complaint.deadlines)


def _add_step(complaint: Complaint, step: Step, now: float, zone: str) -> Complaint:
    due = after_working_days(now, _SECOND_HANDLING_DAYS, zone)
    deadline = Deadline(step, due.at, certain=due.certain)
    return replace(complaint, deadlines=(*complaint.deadlines, deadline))


def _replace_deadline(complaint: Complaint, old: Deadline, new: Deadline) -> Complaint:
    deadlines = tuple(new if deadline is old else deadline for deadline in complaint.deadlines)
    return replace(complaint, deadlines=deadlines)


_EFFECTS: Mapping[
    ComplaintAction, Callable[[Complaint, ComplaintActionRequest, float, str], Complaint]
] = {
    ComplaintAction.ASSIGN: _assign,
    ComplaintAction.COMMENT: _comment,
    ComplaintAction.EXTEND: _extend,
    ComplaintAction.SURVEY: _survey,
    ComplaintAction.APPEAL: _appeal,
    ComplaintAction.REGULATOR_FILED: _file_with_regulator,
    ComplaintAction.REGULATOR_DECIDED: _require_filed,
    ComplaintAction.REGULATOR_ANSWERED: _require_filed,
}
"""The effect of each action; an action that is missing completes the step of the same name."""

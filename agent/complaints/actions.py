"""What people do about a complaint: answer it, extend, ask how it was, hear an appeal.

A step is done once. Nobody hears an appeal against their own handling, and the regulator is
for whoever got no answer in time or a poor one (domain.md §3, Complaint and Regulator).
"""

from collections.abc import Callable, Mapping
from enum import StrEnum, unique

import msgspec
from msgspec.structs import replace

from agent.complaints.complaint import Complaint, Deadline, Filed, Step
from agent.complaints.deadlines import after_working_days, regulator_owes

_AGAIN_DAYS = 7
"""Working days for a second handling and for putting a poor one right."""
_MOST_DAYS = 30


@unique
class ComplaintAct(StrEnum):
    """One thing that may be done about a complaint."""

    ASSIGN = "assign"
    COMMENT = "comment"
    ACCEPT = "accept"
    REPLY = "reply"
    VERIFY = "verify"
    SOLVE = "solve"
    INVESTIGATE = "investigate"
    RECTIFY = "rectify"
    HEAR_APPEAL = "hear_appeal"
    EXTEND = "extend"
    SURVEY = "survey"
    APPEAL = "appeal"
    REGULATOR_FILED = "regulator_filed"
    REGULATOR_DECIDED = "regulator_decided"
    REGULATOR_ANSWERED = "regulator_answered"


class ComplaintActError(ValueError):
    """It cannot be done; the text says why and what is asked for."""


class Done(msgspec.Struct, frozen=True):
    """What is done, by whom, and what they say of it."""

    act: ComplaintAct
    actor: str
    text: str
    fields: Mapping[str, str] = {}


def perform(complaint: Complaint, done: Done, now: float, zone: str) -> Complaint:
    """The complaint after ``done``, which is filed with it.

    Raises:
        ComplaintActError: when it cannot be done.
    """
    if not done.actor or not done.text:
        raise ComplaintActError("actor and text: who does it and what there is to say of it")
    effect = _EFFECTS.get(done.act, _step)
    after = effect(complaint, done, now, zone)
    filed = Filed(now, done.actor, done.act.value, done.text)
    return replace(after, filed=(*after.filed, filed))


def _note(complaint: Complaint, _done: Done, _now: float, _zone: str) -> Complaint:
    return complaint


def _assign(complaint: Complaint, done: Done, _now: float, _zone: str) -> Complaint:
    return replace(complaint, handler=_handler(done))


def _step(complaint: Complaint, done: Done, now: float, _zone: str) -> Complaint:
    deadline = _owed(complaint, done.act.value)
    return _with(complaint, deadline, replace(deadline, done_at=now))


def _extend(complaint: Complaint, done: Done, _now: float, zone: str) -> Complaint:
    deadline = _owed(complaint, done.fields.get("step", ""))
    days = done.fields.get("working_days", "")
    if not days.isascii() or not days.isdigit() or not 1 <= int(days) <= _MOST_DAYS:
        raise ComplaintActError(f"fields.working_days: a count from 1 to {_MOST_DAYS}")
    # The deadline is a midnight: the last day that counts is the one before.
    due = after_working_days(deadline.due - 1, int(days), zone)
    longer = replace(deadline, due=due.at, certain=deadline.certain and due.certain)
    return _with(complaint, deadline, longer)


def _survey(complaint: Complaint, done: Done, now: float, zone: str) -> Complaint:
    satisfied = done.fields.get("satisfied", "")
    if satisfied not in ("yes", "no"):
        raise ComplaintActError("fields.satisfied: yes or no")
    if _unanswered(complaint):
        raise ComplaintActError("a survey comes after the answer, which is still owed")
    complaint = replace(complaint, satisfied=satisfied == "yes")
    return complaint if complaint.satisfied else _owing(complaint, Step.RECTIFY, now, zone)


def _appeal(complaint: Complaint, done: Done, now: float, zone: str) -> Complaint:
    handler = _handler(done)
    if handler == complaint.handler or handler in {it.actor for it in complaint.filed}:
        raise ComplaintActError("fields.handler: somebody else than those who handled it before")
    return _owing(replace(complaint, handler=handler), Step.HEAR_APPEAL, now, zone)


def _regulator(complaint: Complaint, _done: Done, now: float, zone: str) -> Complaint:
    late = now >= complaint.regulator.get("eligible_from", 0.0) and _unanswered(complaint)
    if not late and complaint.satisfied is not False:
        raise ComplaintActError(
            "the regulator is for whoever got no answer within 15 days or an unsatisfactory one"
        )
    return replace(complaint, regulator={**complaint.regulator, **regulator_owes(now, zone)})


def _decided(complaint: Complaint, _done: Done, _now: float, _zone: str) -> Complaint:
    if "answers_by" not in complaint.regulator:
        raise ComplaintActError("it was not filed with the regulator: regulator_filed comes first")
    return complaint


def _handler(done: Done) -> str:
    handler = done.fields.get("handler", "").strip()
    if not handler:
        raise ComplaintActError("fields.handler: who handles it from now on")
    return handler


def _owed(complaint: Complaint, step: str) -> Deadline:
    open_ = [it for it in complaint.deadlines if it.done_at is None]
    for deadline in open_:
        if deadline.step.value == step:
            return deadline
    owed = ", ".join(it.step.value for it in open_) or "nothing"
    raise ComplaintActError(f"{step or 'that'} is not owed now; owed is {owed}")


def _unanswered(complaint: Complaint) -> bool:
    return any(it.done_at is None for it in complaint.deadlines)


def _owing(complaint: Complaint, step: Step, now: float, zone: str) -> Complaint:
    due = after_working_days(now, _AGAIN_DAYS, zone)
    more = Deadline(step, due.at, certain=due.certain)
    return replace(complaint, deadlines=(*complaint.deadlines, more))


def _with(complaint: Complaint, old: Deadline, new: Deadline) -> Complaint:
    told = tuple(new if one is old else one for one in complaint.deadlines)
    return replace(complaint, deadlines=told)


_EFFECTS: Mapping[ComplaintAct, Callable[[Complaint, Done, float, str], Complaint]] = {
    ComplaintAct.ASSIGN: _assign,
    ComplaintAct.COMMENT: _note,
    ComplaintAct.EXTEND: _extend,
    ComplaintAct.SURVEY: _survey,
    ComplaintAct.APPEAL: _appeal,
    ComplaintAct.REGULATOR_FILED: _regulator,
    ComplaintAct.REGULATOR_DECIDED: _decided,
    ComplaintAct.REGULATOR_ANSWERED: _decided,
}
"""What each act does; those that are not here do the step of their name."""

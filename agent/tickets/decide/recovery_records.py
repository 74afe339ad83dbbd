"""Assesses from call records and recordings whether a fault is over (see ``recovery_facts``)."""

from agent.checks.call_habits import ACTIVE
from agent.checks.concurrency import load_of
from agent.checks.recordings import DELETION_NEAR, deletion_at
from agent.checks.result import CheckResult
from agent.tickets.decide.decision import Finding
from agent.tickets.number_details import find_number
from agent.tickets.ticket import Subject

Assessed = tuple[Finding, str]
"""A finding with its reason."""


def capacity(checked: CheckResult, subject: Subject, now: float) -> Assessed:
    """Whether the number's calls at once are still near its limit."""
    snapshot, number = checked.snapshot, subject.number
    routing = snapshot.routings.get(number)
    load = load_of(routing, snapshot.recent_calls.get(number), now)
    if load is None:
        return Finding.UNKNOWN, f"how many calls at once {number} has or may have is not known"
    finding = Finding.BAD if load.is_near else Finding.GOOD
    return finding, f"{number} had {load.calls} of at most {load.limit} calls at once"


def unusual_calls(checked: CheckResult, subject: Subject, now: float) -> Assessed:
    """Whether the number still has calls as it never had."""
    number = subject.number
    compared = checked.compared_calls.get(number)
    if compared is None:
        recent = checked.snapshot.recent_calls.get(number)
        if recent and recent[-1].started_at <= now - ACTIVE:
            return Finding.GOOD, f"{number} had no calls of late"
        return Finding.UNKNOWN, f"what calls are usual for {number} is not known"
    for it in compared:
        if it.is_unusual:
            return Finding.BAD, f"{number} had {it.calls} calls where at most {it.limit} are usual"
    return Finding.GOOD, f"{number} has no more calls than are usual"


def recordings(checked: CheckResult, subject: Subject, now: float) -> Assessed:
    """Whether a recording that is not exported is still deleted soon."""
    number = find_number(checked.snapshot, subject.number)
    routing = checked.snapshot.routings.get(subject.number)
    if number is not None and routing is not None and routing.recording is False:
        return Finding.GOOD, f"{subject.number} is not recorded"
    if number is not None and number.recordings_pending == 0:
        return Finding.GOOD, f"every recording of {subject.number} is exported"
    at = None if number is None else deletion_at(number, routing)
    if at is None:
        return Finding.UNKNOWN, f"when recordings of {subject.number} are deleted is not known"
    if at < now + DELETION_NEAR:
        return Finding.BAD, f"a recording of {subject.number} is deleted within three days"
    return Finding.GOOD, f"no recording of {subject.number} is deleted within three days"


def charges(checked: CheckResult, _subject: Subject, _now: float) -> Assessed:
    """Whether calls explain what the account spent in the last hour."""
    now_known, name = checked.charges, checked.snapshot.key
    if now_known is None or now_known.explained is None:
        return Finding.UNKNOWN, f"what calls of {name} explain of its spend is not known"
    sums = f"{name} spent {now_known.spent:.2f} in an hour, {now_known.explained:.2f} are explained"
    return (Finding.BAD if now_known.spent > now_known.explained else Finding.GOOD), sums

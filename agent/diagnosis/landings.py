"""Why several numbers that land together are broken: their trunk, or a phone they share."""

from collections.abc import Iterator

import msgspec

from agent.checks.result import CheckResult
from agent.diagnosis.case import Case
from agent.diagnosis.common import Group, by_state, judged_at, on_trunk
from agent.diagnosis.deciders import bindings
from agent.masking import mask_phone
from agent.model import Evidence, Verdict
from agent.states import REACHABLE_STATES, BindingState, Cause

LIKELY = 0.7
TRUNK = "trunk "
"""What the name of a trunk begins with; a phone's name begins with its masked number."""


def diagnose_landing(case: Case, landing: str) -> Verdict:
    """The verdict on everything that lands on ``landing``."""
    accounts = list(case.context.of_provider(case.snapshot.provider))
    if landing.startswith(TRUNK):
        groups = [_on_trunk(case, checked, landing.removeprefix(TRUNK)) for checked in accounts]
        seen = [group.evidence() for group in groups if group.total]
        return case.conclude(Cause.PROVIDER_OUTAGE, LIKELY, seen)
    return _shared_phone(case, landing, accounts)


def _on_trunk(case: Case, checked: CheckResult, trunk: str) -> Group:
    return on_trunk(checked, trunk, judged_at(checked, by_state, case.context.now))


def _shared_phone(case: Case, landing: str, accounts: list[CheckResult]) -> Verdict:
    """The shared phone's own cause, told once for all numbers that ring it."""
    shown = landing.partition(" ")[0]
    users = [(checked, *use) for checked in accounts for use in _users(checked, shown)]
    for checked, number, label in users:
        own = bindings.decide_one(Case(case.context, checked, number), label)
        if own is not None:
            numbers = [user[1] for user in users]
            return _told_of(own, Group("phone", shown, numbers).evidence())
    return case.conclude(Cause.UNKNOWN, LIKELY, [Evidence("landing", shown, "bindings")])


def _users(checked: CheckResult, shown: str) -> Iterator[tuple[str, str]]:
    """Numbers that ring the phone, with its label there; only while it cannot be reached."""
    for number, bound in checked.snapshot.bindings.items():
        phones = (phone for phone in bound if phone.state in _DOWN)
        if any(mask_phone(phone.phone) == shown for phone in phones):
            labels = checked.bindings(number) or {}
            yield from ((number, it) for it in labels if mask_phone(labels[it].phone) == shown)


_DOWN = frozenset(BindingState) - REACHABLE_STATES - {BindingState.UNKNOWN}


def _told_of(verdict: Verdict, shared: Evidence) -> Verdict:
    return msgspec.structs.replace(verdict, number="", evidence=(shared, *verdict.evidence))

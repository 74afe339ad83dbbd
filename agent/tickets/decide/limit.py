"""How many tickets one account may have open; further faults wait for one of them to close.

An account with a hundred thousand broken numbers must not fill the ledger and every sink. Faults
wider than a number always get their tickets: they are few, and they explain the others.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from agent.model import AccountKey
from agent.states import Scope
from agent.tickets.decide.decide import decide
from agent.tickets.decide.decision import Decision
from agent.tickets.decide.faults import WORST_FIRST
from agent.tickets.decide.view import View
from agent.tickets.ticket import Subject, Ticket

_COUNTED = frozenset({Scope.NUMBER, Scope.BINDING})


def decide_within_limit(
    view: View, now: float, limit: int
) -> tuple[list[Decision], Mapping[AccountKey, int]]:
    """The decisions of a round, and how many faults of each account wait for a ticket."""
    return within_limit(decide(view, now), view.tickets.values(), limit)


def within_limit(
    decisions: Iterable[Decision], tickets: Iterable[Ticket], limit: int
) -> tuple[list[Decision], Mapping[AccountKey, int]]:
    """The decisions that may be carried out, and how many faults of each account wait.

    Of the faults of one account the worst come first. ``tickets`` are those open now.
    """
    all_decisions = list(decisions)
    opened = Counter(_account(it.subject) for it in tickets if it.subject.scope in _COUNTED)
    waiting: Counter[AccountKey] = Counter()
    dropped: set[str] = set()
    for decision in sorted(filter(_is_counted, all_decisions), key=_severity):
        assert decision.fault is not None
        account = _account(decision.fault.subject)
        if opened[account] < limit:
            opened[account] += 1
        else:
            waiting[account] += 1
            dropped.add(decision.key)
    if not dropped:
        return all_decisions, waiting
    return [it for it in all_decisions if it.key not in dropped], waiting


def _is_counted(decision: Decision) -> bool:
    fault = decision.fault
    return decision.opens and fault is not None and fault.subject.scope in _COUNTED


def _severity(decision: Decision) -> int:
    assert decision.fault is not None
    return WORST_FIRST.index(decision.fault.severity)


def _account(subject: Subject) -> AccountKey:
    return subject.provider, subject.account

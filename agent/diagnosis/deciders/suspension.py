"""What a state out of service means where the provider's word for it is a coarse one.

Some providers say no more than that a number, or the whole account, is suspended. The money
then tells whether it is for arrears; where it is not, someone at the provider has closed it.
"""

from agent.diagnosis.case import Case
from agent.model import Number
from agent.states import Capability, Cause, NumberState

CERTAIN, DIVIDED, POSSIBLE = 0.98, 0.75, 0.6
SHARED = frozenset(
    {
        NumberState.OPEN_UNFUNDED,
        NumberState.REVIEW_REJECTED,
        NumberState.PREOCCUPIED,
        NumberState.CANCELLED,
        NumberState.IDLE,
    }
)
"""States that the provider's account desk explains and the holder's people may have to mend."""

COARSE = frozenset({"suspended", "inactive", "disabled"})
"""Words that do not say why."""


def reading(case: Case, number: Number, state: NumberState) -> tuple[NumberState, float]:
    """The state that is meant, and how sure that is."""
    listing = case.snapshot.listing
    forced = listing is not None and listing.account_state is state
    if state is NumberState.SUSPENDED_ARREARS and forced:
        return _account_suspended(case)
    if case.number in case.snapshot.gone:
        return state, POSSIBLE
    if state is NumberState.SUSPENDED_VIOLATION and _is_coarse(number):
        return _number_suspended(case)
    return state, DIVIDED if state in SHARED else CERTAIN


def _is_coarse(number: Number) -> bool:
    return not number.reason and number.native_status.strip().lower() in COARSE


def _account_suspended(case: Case) -> tuple[NumberState, float]:
    """Money is by far the most frequent reason, unless there is enough of it."""
    funded = _is_funded(case)
    if funded is None:
        return NumberState.SUSPENDED_ARREARS, DIVIDED
    if not funded:
        return NumberState.SUSPENDED_ARREARS, CERTAIN
    case.weigh(Cause.NUMBER_SUSPENDED_ARREARS, ["the account is suspended"], ["it is funded"])
    return NumberState.SUSPENDED_VIOLATION, POSSIBLE


def _number_suspended(case: Case) -> tuple[NumberState, float]:
    if _is_funded(case) is False:
        return NumberState.SUSPENDED_ARREARS, DIVIDED
    case.weigh(
        Cause.NUMBER_SUSPENDED_ARREARS, ["the provider gives no reason"], ["the account is funded"]
    )
    return NumberState.SUSPENDED_VIOLATION, POSSIBLE


def _is_funded(case: Case) -> bool | None:
    money = case.checked.money
    if money is None or not case.fresh(Capability.BALANCE):
        return None
    return money.balance.amount > 0 and not money.below_stop

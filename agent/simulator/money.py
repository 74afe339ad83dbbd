"""Money in the world: what is spent over time, and what its lines do to the numbers.

Below the notice line a number's state is ``low_balance``, below the stop line it is suspended;
a top-up restores it, and what stays unpaid is reclaimed (docs/reference/domain.md §1).
"""

from collections.abc import Iterator

from agent.simulator.account import Account
from agent.simulator.entities import Number
from agent.states import IN_SERVICE_STATES, NumberState

_DAY = 86400.0
_CENT = 0.01
_HALF_CENT = 0.005


def stopped(account: Account) -> bool:
    """Whether the account is below its stop line, to the cent."""
    return account.balance < account.stop - _HALF_CENT


def capped(account: Account) -> bool:
    """Whether the monthly cap is reached, which stops calls (docs/reference/domain.md §1)."""
    return account.spend_cap is not None and account.month_spend >= account.spend_cap


def spend(account: Account, amount: float) -> None:
    """Takes ``amount`` off the balance."""
    account.balance -= amount
    account.month_spend += amount


def accrue(account: Account, now: float) -> None:
    """Takes off what was spent since the last time; a stopped or capped account spends nothing."""
    passed = now - account.accrued_at
    account.accrued_at = now
    if passed > 0 and account.daily_spend and not stopped(account) and not capped(account):
        spend(account, account.daily_spend * passed / _DAY)


def next_crossing(account: Account) -> float | None:
    """Seconds until the spending crosses the next line, or ``None`` when it never will."""
    if not account.daily_spend or stopped(account) or capped(account):
        return None
    amounts = [account.balance - account.stop + _CENT]
    if account.balance > account.notice + _HALF_CENT:
        amounts.append(account.balance - account.notice)
    if account.spend_cap is not None:
        amounts.append(account.spend_cap - account.month_spend + _CENT)
    return max(min(amounts), 0.0) * _DAY / account.daily_spend


def paid_state(account: Account) -> NumberState:
    """The state of a number in service at the account's present balance."""
    low = account.balance <= account.notice + _HALF_CENT
    return NumberState.LOW_BALANCE if low else NumberState.ACTIVE


def due_states(account: Account, *, topped_up: bool) -> Iterator[tuple[Number, NumberState]]:
    """The numbers whose state the balance changes now, each with its new state.

    Only a top-up restores; falling money never makes a number better.
    """
    new = NumberState.SUSPENDED_ARREARS if stopped(account) else paid_state(account)
    moved = set(IN_SERVICE_STATES) if stopped(account) or topped_up else {NumberState.ACTIVE}
    if topped_up:
        moved.add(NumberState.SUSPENDED_ARREARS)
    for number in account.numbers:
        if number.state in moved and number.state != new:
            yield number, new

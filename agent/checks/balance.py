"""An account's balance against its thresholds, its spend and its cap.

Source: docs/reference/domain.md §1 (account) and §5.
"""

from dataclasses import dataclass

from agent.config.settings import Thresholds
from agent.model import Balance

DAY_SECONDS = 86400.0
DEFAULT_CURRENCY = "CNY"
DEFAULT_NOTICE = 35.0
"""Yuan at which a provider warns (docs/reference/domain.md §1)."""
DEFAULT_STOP = 15.0
"""Yuan below which a provider suspends (docs/reference/domain.md §1)."""
LONGEST_RUNWAY_DAYS = 36500.0
"""A longer runway is shown as this: a hundred years."""
CAP_NEAR = 0.9
"""Share of the monthly cap from which SpendCapNear warns (docs/reference/domain.md §5)."""
RUNWAY_SHORT = 7 * DAY_SECONDS
"""Seconds of runway below which RunwayShort warns (docs/reference/domain.md §5)."""


@dataclass(frozen=True)
class Money:
    """An account's balance and the thresholds that apply, in units of its currency."""

    balance: Balance
    notice: float | None
    stop: float | None
    runway: float | None
    """Seconds until the stop threshold at the present spend; ``None`` if unknown."""
    cap_share: float | None
    """Share of the monthly cap that is spent; ``None`` if there is no known cap."""

    @property
    def below_stop(self) -> bool:
        """Whether the balance is below the stop threshold."""
        return self.stop is not None and self.balance.amount < self.stop

    @property
    def at_notice(self) -> bool:
        """Whether the balance is at or below the notice threshold."""
        return self.notice is not None and self.balance.amount <= self.notice

    @property
    def cap_reached(self) -> bool:
        """Whether the monthly cap is spent, at which calls stop."""
        return self.cap_share is not None and self.cap_share >= 1.0


def evaluate_balance(balance: Balance, thresholds: Thresholds) -> Money:
    """Apply the configured thresholds, else the provider's, else the usual ones, to ``balance``.

    The usual thresholds (35 and 15) are in yuan and apply to no other currency.
    """
    usual = balance.currency == DEFAULT_CURRENCY
    notice = _first(thresholds.notice, balance.notice_threshold, DEFAULT_NOTICE if usual else None)
    stop = _first(thresholds.stop, balance.stop_threshold, DEFAULT_STOP if usual else None)
    return Money(
        balance=balance,
        notice=notice,
        stop=stop,
        runway=_runway(balance, stop),
        cap_share=_cap_share(balance),
    )


def _first(*lines: float | None) -> float | None:
    return next((line for line in lines if line is not None), None)


def _runway(balance: Balance, stop: float | None) -> float | None:
    if balance.daily_spend is None or balance.daily_spend <= 0:
        return None
    days = max(0.0, balance.amount - (stop or 0.0)) / balance.daily_spend
    # Also for spends so small that no date is so far away.
    return min(days, LONGEST_RUNWAY_DAYS) * DAY_SECONDS


def _cap_share(balance: Balance) -> float | None:
    if balance.month_spend is None or not balance.spend_cap or balance.spend_cap < 0:
        return None
    return balance.month_spend / balance.spend_cap

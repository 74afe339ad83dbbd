"""What is left on an account, against its lines, its spend and its cap (domain.md §1, account)."""

from dataclasses import dataclass

from agent.config.settings import Thresholds
from agent.model import Balance

DAY_SECONDS = 86400.0
DEFAULT_CURRENCY = "CNY"
DEFAULT_NOTICE = 35.0
"""Yuan at which providers call and write (domain.md §1, lifecycle)."""
DEFAULT_STOP = 15.0
"""Yuan below which providers suspend (domain.md §1, lifecycle)."""
CAP_NEAR = 0.9
"""Share of the monthly cap from which calls may soon stop (domain.md §5, SpendCapNear)."""
RUNWAY_SHORT = 7 * DAY_SECONDS
"""Seconds of runway below which a weekend may be too long (domain.md §5, RunwayShort)."""


@dataclass(frozen=True)
class Money:
    """An account's balance with the lines that hold for it, in units of its currency."""

    balance: Balance
    notice: float | None
    stop: float | None
    runway: float | None
    """Seconds until the stop line is reached at the present spend; ``None`` when not known."""
    cap_share: float | None
    """Share of the monthly cap that is spent; ``None`` where no cap is set or told."""

    @property
    def below_stop(self) -> bool:
        """Whether the balance is under the line at which numbers are suspended."""
        return self.stop is not None and self.balance.amount < self.stop

    @property
    def at_notice(self) -> bool:
        """Whether the balance has come down to the line at which providers warn."""
        return self.notice is not None and self.balance.amount <= self.notice

    @property
    def cap_reached(self) -> bool:
        """Whether the monthly cap is spent, so that calls stop."""
        return self.cap_share is not None and self.cap_share >= 1.0


def evaluate_balance(balance: Balance, thresholds: Thresholds) -> Money:
    """``balance`` against the configured lines, else the provider's, else the usual ones.

    The usual lines (35 and 15) are in yuan and hold for no other currency.
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
    return max(0.0, balance.amount - (stop or 0.0)) / balance.daily_spend * DAY_SECONDS


def _cap_share(balance: Balance) -> float | None:
    if balance.month_spend is None or not balance.spend_cap or balance.spend_cap < 0:
        return None
    return balance.month_spend / balance.spend_cap

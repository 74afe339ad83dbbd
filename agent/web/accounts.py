"""Accounts as the API shows them."""

from agent.checks.balance import Money
from agent.checks.engine import CheckResult
from agent.model import Snapshot
from agent.states import Capability
from agent.web.health import HEALTHS, classify_health
from agent.web.numbers import poll_views
from agent.web.state import WebState
from agent.web.views import AccountView, MoneyView


def _money_view(money: Money, *, stale: bool) -> MoneyView:
    balance = money.balance
    return MoneyView(
        amount=balance.amount,
        currency=balance.currency,
        notice=money.notice,
        stop=money.stop,
        runway_seconds=money.runway,
        month_spend=balance.month_spend,
        spend_cap=balance.spend_cap,
        low=money.at_notice or money.below_stop or money.cap_reached,
        stale=stale,
    )


def _is_up(snapshot: Snapshot) -> bool:
    """Whether the provider answered the newest poll of everything that was asked so far."""
    asked = [status for status in snapshot.polls.values() if status.last_attempt is not None]
    return bool(asked) and all(status.failure is None for status in asked)


def account_view(key: tuple[str, str], checked: CheckResult | None, now: float) -> AccountView:
    """One account; one not polled yet is shown as that."""
    provider, account = key
    if checked is None:
        return AccountView(
            provider=provider,
            account=account,
            polled=False,
            up=False,
            stale=True,
            numbers=0,
            health=dict.fromkeys((health.value for health in HEALTHS), 0),
            money=None,
            polls=(),
        )
    snapshot = checked.snapshot
    fresh_money = checked.is_fresh(Capability.BALANCE, now)
    return AccountView(
        provider=provider,
        account=account,
        polled=True,
        up=_is_up(snapshot),
        stale=not checked.is_fresh(Capability.NUMBERS, now),
        numbers=len(checked.names),
        health=classify_health(checked, now).counts(),
        money=_money_view(checked.money, stale=not fresh_money) if checked.money else None,
        polls=poll_views(snapshot, now),
    )


def account_views(state: WebState, now: float) -> list[AccountView]:
    """Every configured account."""
    return [account_view(key, state.checked(*key), now) for key in state.accounts()]

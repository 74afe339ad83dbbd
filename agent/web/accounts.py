"""``/api/accounts``: every configured account."""

import asyncio

from aiohttp import web

from agent.checks.balance import Money
from agent.health.account import AccountHealth
from agent.model import AccountKey, Snapshot
from agent.states import Capability, Health
from agent.web.number_views import poll_views
from agent.web.parameters import read
from agent.web.responses import large_json_response
from agent.web.services import WebServices, services_of
from agent.web.views import AccountList, AccountView, MoneyView


async def list_accounts(request: web.Request) -> web.Response:
    """Every configured account, also those not polled yet."""
    read(request.query, ())
    services = services_of(request)
    views = await asyncio.to_thread(account_views, services, services.clock())
    return await large_json_response(AccountList(views))


def account_views(services: WebServices, now: float) -> list[AccountView]:
    """Every configured account at ``now``, epoch seconds."""
    healths = {
        (it.result.snapshot.provider, it.result.snapshot.account): it
        for it in services.healths(now)
    }
    return [account_view(key, healths.get(key), now) for key in services.accounts()]


def account_view(key: AccountKey, health: AccountHealth | None, now: float) -> AccountView:
    """One account; ``health`` is ``None`` before its first poll."""
    provider, account = key
    if health is None:
        return AccountView(
            provider=provider,
            account=account,
            polled=False,
            up=False,
            stale=True,
            numbers=0,
            health=dict.fromkeys(map(str, Health), 0),
            money=None,
            polls=(),
        )
    result = health.result
    is_balance_fresh = result.is_fresh(Capability.BALANCE, now)
    return AccountView(
        provider=provider,
        account=account,
        polled=True,
        up=_is_up(result.snapshot),
        stale=not result.is_fresh(Capability.NUMBERS, now),
        numbers=len(result.names),
        health=health.counts(),
        money=_money_view(result.money, stale=not is_balance_fresh) if result.money else None,
        polls=poll_views(result.snapshot, now),
    )


def _is_up(snapshot: Snapshot) -> bool:
    """Whether the newest poll of every capability that was polled so far succeeded."""
    polls = [status for status in snapshot.polls.values() if status.last_attempt is not None]
    return bool(polls) and all(status.failure is None for status in polls)


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

"""Providers and polling: what each account answers, and how hard it may be asked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from aiohttp import web

from agent.config.settings import Account, Polling, ProviderSettings, Settings
from agent.polling.breaker import BreakerReading
from agent.web.accounts import account_view
from agent.web.endpoint import Endpoint
from agent.web.language import LANG
from agent.web.pages.poll_form import DONE, NOTICES, POLL_ROUTE
from agent.web.pages.rendering import BAD_REQUEST, HTML, page
from agent.web.parameters import OFFSET, read
from agent.web.services import WebServices, services_of
from agent.web.views import AccountView

_QUERY = (LANG, OFFSET, DONE)
MOST_ACCOUNTS = 50
"""Accounts on one page."""


@dataclass(frozen=True)
class AccountPolling:
    """One account: what its polls found, and the limits they keep to."""

    view: AccountView
    limits: Polling
    daily_budget: float
    """What requests that cost money may cost in a day; 0 where none are sent."""
    breakers: Mapping[str, BreakerReading]
    """By capability; none where the account is not polled by this process."""

    @property
    def is_failing(self) -> bool:
        """Whether something of it cannot be read now, or is no longer current."""
        return not self.view.polled or not self.view.up or self.view.stale


@dataclass(frozen=True)
class ProviderPolling:
    """One provider with the accounts that are on this page."""

    name: str
    profile: str
    accounts: Sequence[AccountPolling]

    @property
    def failing(self) -> int:
        """How many of these accounts cannot be read as they should."""
        return sum(account.is_failing for account in self.accounts)


@dataclass(frozen=True)
class ProvidersView:
    """One page of the accounts by provider, in the order of the configuration."""

    total: int
    offset: int
    limit: int
    items: Sequence[AccountPolling]
    providers: Sequence[ProviderPolling]


async def providers_page(request: web.Request) -> web.Response:
    """Every account by provider, with what was read of it and why something was not."""
    query = read(request.query, _QUERY)
    services, offset = services_of(request), int(query["offset"])
    now = services.clock()
    view = await asyncio.to_thread(_view, services, offset, now)
    view = replace(
        view, providers=[_with_breakers(services, provider) for provider in view.providers]
    )
    notice = NOTICES.get(query["done"])
    return await page(request, "providers.html", view=view, notice=notice, now=now)


def _with_breakers(services: WebServices, provider: ProviderPolling) -> ProviderPolling:
    """``provider`` with the breakers of its accounts, which are read on the event loop."""
    polls = services.polls
    if polls is None:
        return provider
    accounts = []
    for account in provider.accounts:
        found = polls.breakers(account.view.provider, account.view.account)
        named = {capability.value: reading for capability, reading in found.items()}
        accounts.append(replace(account, breakers=named))
    return replace(provider, accounts=accounts)


def _view(services: WebServices, offset: int, now: float) -> ProvidersView:
    settings = services.settings()
    pairs = [
        (provider, account) for provider in settings.providers for account in provider.accounts
    ]
    shown = pairs[offset : offset + MOST_ACCOUNTS]
    providers = [
        ProviderPolling(
            provider.name,
            provider.profile,
            [_account(services, settings, pair, now) for pair in group],
        )
        for provider, group in _by_provider(shown)
    ]
    items = [account for provider in providers for account in provider.accounts]
    return ProvidersView(len(pairs), offset, MOST_ACCOUNTS, items, providers)


def _by_provider(
    pairs: Sequence[tuple[ProviderSettings, Account]],
) -> list[tuple[ProviderSettings, list[tuple[ProviderSettings, Account]]]]:
    grouped = (list(group) for _, group in groupby(pairs, key=lambda pair: pair[0].name))
    return [(group[0][0], group) for group in grouped]


def _account(
    services: WebServices,
    settings: Settings,
    pair: tuple[ProviderSettings, Account],
    now: float,
) -> AccountPolling:
    provider, account = pair
    result = services.check_result(provider.name, account.id)
    health = None if result is None else services.fleet_health.of(result, now)
    return AccountPolling(
        view=account_view((provider.name, account.id), health, now),
        limits=settings.polling_of(provider, account),
        daily_budget=account.daily_budget,
        breakers={},
    )


ROUTES = (
    Endpoint(
        "GET",
        "/providers",
        providers_page,
        "The page of providers and polling",
        HTML,
        query=_QUERY,
        errors=(BAD_REQUEST,),
    ),
    POLL_ROUTE,
)
"""The page of this module and its form, for the route table."""

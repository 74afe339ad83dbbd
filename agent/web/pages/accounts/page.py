"""The list of accounts, and the page of one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from zoneinfo import ZoneInfo

from aiohttp import web

from agent.health.account import AccountHealth
from agent.history.forecast import DAY_SECONDS, Outlook
from agent.i18n import Message
from agent.model import AccountKey
from agent.states import Health
from agent.tickets.index_filter import IndexFilter
from agent.web.accounts import account_view
from agent.web.endpoint import ENDPOINTS, Endpoint
from agent.web.history import AccountMoney, account_in, account_money, forecasts, present_outlook
from agent.web.language import LANG, choose_locale
from agent.web.number_views import number_view
from agent.web.pages.accounts.outlook import OUTLOOK_WORDS, brief, sentence
from agent.web.pages.accounts.plot import DAYS, balance_plot
from agent.web.pages.list_page import ListPage
from agent.web.pages.rendering import BAD_REQUEST, HTML, NOT_FOUND, page
from agent.web.parameters import OFFSET, Parameter, read
from agent.web.plots.series import Period
from agent.web.responses import ApiError
from agent.web.services import WebServices, services_of
from agent.web.texts import PageTexts
from agent.web.views import AccountView, NumberView

MOST_ACCOUNTS = 50
"""Accounts on one page."""
MOST_NUMBERS = 50
MOST_TICKETS = 50
FORECAST_SECONDS = 600.0
"""How long a forecast in the list is shown: it changes by the day."""

_ACCOUNT_QUERY = (LANG, Parameter("days", "How many days of balance.", DAYS, default="7"))


@dataclass(frozen=True)
class AccountRow:
    """One account of the list."""

    view: AccountView
    outlook: Message


class Outlooks:
    """The forecasts of the list, each computed once in a while, a page of them in one go."""

    def __init__(self) -> None:
        self._known: dict[AccountKey, tuple[float, Message]] = {}

    async def of(self, services: WebServices, keys: Sequence[AccountKey]) -> list[Message]:
        """When the balance of each account reaches the stop line.

        Unknown where the history says it and there is none; it is read of no other accounts.
        """
        now = services.clock()
        present = [present_outlook(services.check_result(*key), now) for key in keys]
        lasting = [key for key, outlook in zip(keys, present, strict=True) if outlook is None]
        missing = [key for key in lasting if not self._is_current(key, now)]
        if missing:
            await self._compute(services, missing, now)
        return [
            self._expected(key) if outlook is None else OUTLOOK_WORDS[outlook]
            for key, outlook in zip(keys, present, strict=True)
        ]

    def _expected(self, key: AccountKey) -> Message:
        return self._known[key][1] if key in self._known else OUTLOOK_WORDS[Outlook.UNKNOWN]

    def _is_current(self, key: AccountKey, now: float) -> bool:
        known = self._known.get(key)
        return known is not None and 0 <= now - known[0] < FORECAST_SECONDS

    async def _compute(self, services: WebServices, keys: Sequence[AccountKey], now: float) -> None:
        for key in keys:
            self._known.pop(key, None)
        try:
            found = await forecasts(services, keys)
        except ApiError:
            return
        zone = ZoneInfo(services.settings().timezone)
        self._known.update({key: (now, brief(found[key], zone)) for key in keys})


OUTLOOKS: web.AppKey[Outlooks] = web.AppKey("outlooks", Outlooks)


async def accounts_page(request: web.Request) -> web.Response:
    """Every account: its polling, its numbers by health, its money."""
    query = read(request.query, (LANG, OFFSET))
    services, offset = services_of(request), int(query["offset"])
    keys = services.accounts()
    chosen = keys[offset : offset + MOST_ACCOUNTS]
    views = await asyncio.to_thread(_views, services, chosen, services.clock())
    outlooks = request.app[OUTLOOKS]
    rows = list(map(AccountRow, views, await outlooks.of(services, chosen)))
    view = ListPage(rows, len(keys), MOST_ACCOUNTS, offset)
    return await page(request, "accounts.html", view=view, number_links=_has_numbers(request))


def _views(services: WebServices, keys: Sequence[AccountKey], now: float) -> list[AccountView]:
    return [account_view(key, _health(services, key, now), now) for key in keys]


def _health(services: WebServices, key: AccountKey, now: float) -> AccountHealth | None:
    result = services.check_result(*key)
    return None if result is None else services.fleet_health.of(result, now)


def _has_numbers(request: web.Request) -> bool:
    """Whether there is a list of numbers to link to."""
    return ("GET", "/numbers") in request.app[ENDPOINTS]


async def account_page(request: web.Request) -> web.Response:
    """One account: its balance over time, its polls, its numbers in trouble, its tickets."""
    query = read(request.query, _ACCOUNT_QUERY)
    services, key = services_of(request), account_in(request)
    settings, now = services.settings(), services.clock()
    lang, accepted = query["lang"], request.headers.get("Accept-Language", "")
    texts = PageTexts(choose_locale(lang, accepted, settings.locale))
    health = await asyncio.to_thread(_health, services, key, now)
    view = account_view(key, health, now)
    since = now - int(query["days"]) * DAY_SECONDS
    money = await _money(services, key, since, now)
    period = Period(since, now, settings.timezone)
    numbers, troubled = await asyncio.to_thread(_troubled, health, now)
    of_account = IndexFilter(provider=key[0], account=key[1])
    tickets = await services.tickets.index.page(of_account, now, MOST_TICKETS)
    zone = ZoneInfo(settings.timezone)
    currency = "" if view.money is None else view.money.currency
    return await page(
        request,
        "account.html",
        account=view,
        days=query["days"],
        choices=DAYS,
        money=money,
        outlook=None if money is None else sentence(money.forecast, currency, zone),
        plot=None
        if money is None
        else await asyncio.to_thread(balance_plot, money.hours, view.money, period, texts),
        numbers=numbers,
        troubled=troubled,
        tickets=tickets.tickets,
        tickets_total=tickets.total,
        now=now,
        number_links=_has_numbers(request),
    )


async def _money(
    services: WebServices, key: AccountKey, since: float, until: float
) -> AccountMoney | None:
    """The history of the balance; ``None`` where there is no history to read."""
    try:
        return await account_money(services, key, since, until)
    except ApiError as error:
        if error.status is not HTTPStatus.SERVICE_UNAVAILABLE:
            raise
        return None


def _troubled(health: AccountHealth | None, now: float) -> tuple[list[NumberView], int]:
    """The numbers that are down or degraded, the worst first, and how many there are."""
    if health is None:
        return [], 0
    rows = [row for kind in (Health.DOWN, Health.DEGRADED) for row in health.rows(kind).tolist()]
    return [number_view(health, row, now) for row in rows[:MOST_NUMBERS]], len(rows)


ROUTES = (
    Endpoint(
        "GET",
        "/accounts",
        accounts_page,
        "The page of all accounts",
        HTML,
        query=(LANG, OFFSET),
        errors=(BAD_REQUEST,),
    ),
    Endpoint(
        "GET",
        "/accounts/{provider}/{account}",
        account_page,
        "An account's page",
        HTML,
        query=_ACCOUNT_QUERY,
        errors=(BAD_REQUEST, NOT_FOUND),
    ),
)
"""The pages of this package, for the route table."""

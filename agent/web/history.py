"""``/api/history/…``: balances, calls, phones and tickets by the hour, gaps included."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from aiohttp import web

from agent.checks.result import CheckResult
from agent.history.forecast import DAY_SECONDS, DAYS_LOOKED_AT, Forecast, Outlook, forecast
from agent.history.hours import BalanceHour, HistoryError, HistoryReader
from agent.model import AccountKey
from agent.states import Capability
from agent.tickets.document import stamp
from agent.web.endpoint import Endpoint
from agent.web.numbers import ACCOUNT_QUERY, find_number
from agent.web.parameters import Parameter, read
from agent.web.responses import ApiError, large_json_response
from agent.web.services import WebServices, services_of

MOST_HOURS = 400 * 24
HOURS = Parameter("hours", "How many hours back.", least=1, most=MOST_HOURS, default="168")
AGO = Parameter("ago", "How many hours ago they end.", least=0, most=MOST_HOURS, default="0")
_PERIOD = (HOURS, AGO)
_BAD, _MISSING = HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND
_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE


class BalanceView(msgspec.Struct, frozen=True, kw_only=True):
    """The balance in one hour; null where it was not known."""

    at: str
    first: float | None
    last: float | None
    low: float | None
    high: float | None


class ForecastView(msgspec.Struct, frozen=True, kw_only=True):
    """When the balance reaches the stop line."""

    outlook: Outlook
    at: str | None
    earliest: str | None
    latest: str | None
    daily_spend: float | None
    """The median spend of a day, in the account's currency."""
    days: int
    """The days it rests on."""


class AccountHistory(msgspec.Struct, frozen=True, kw_only=True):
    """An account's balance by the hour, and what follows from it."""

    provider: str
    account: str
    currency: str
    stop: float | None
    forecast: ForecastView
    hours: list[BalanceView]


class NumberHourView(msgspec.Struct, frozen=True, kw_only=True):
    """A number in one hour; null where it was not known."""

    at: str
    calls: Mapping[str, int] | None
    """Calls by result, in the hour in which the agent learnt of them."""
    calls_complete: bool
    """Whether the whole hour was observed; else there may have been more."""
    reachable_low: int | None
    reachable_high: int | None
    reachable_last: int | None
    phones: int | None


class NumberHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A number by the hour."""

    number: str
    provider: str
    account: str
    hours: list[NumberHourView]


class TicketHourView(msgspec.Struct, frozen=True, kw_only=True):
    """The most tickets that were open at once in one hour, by severity; null where unknown."""

    at: str
    open: Mapping[str, int] | None


class TicketHistory(msgspec.Struct, frozen=True, kw_only=True):
    """Open tickets by the hour."""

    hours: list[TicketHourView]


@dataclass(frozen=True)
class AccountMoney:
    """The balance of an account over a period, and the forecast at present."""

    hours: Sequence[BalanceHour]
    forecast: Forecast


async def show_account(request: web.Request) -> web.Response:
    """An account's balance and forecast."""
    services, query = services_of(request), read(request.query, _PERIOD)
    key = account_in(request)
    since, until = _period(query, services.clock())
    result = services.check_result(*key)
    money = await account_money(services, key, since, until)
    balance = None if result is None else result.money
    return await large_json_response(
        AccountHistory(
            provider=key[0],
            account=key[1],
            currency="" if balance is None else balance.balance.currency,
            stop=None if balance is None else balance.stop,
            forecast=_forecast_view(money.forecast),
            hours=[
                BalanceView(at=_time(it.at), first=it.first, last=it.last, low=it.low, high=it.high)
                for it in money.hours
            ],
        )
    )


async def show_number(request: web.Request) -> web.Response:
    """A number's calls and phones."""
    services, query = services_of(request), read(request.query, (*_PERIOD, *ACCOUNT_QUERY))
    number = request.match_info["number"]
    detail = await asyncio.to_thread(
        find_number, services, number, query["provider"], query["account"]
    )
    key, period = (detail.provider, detail.account), _period(query, services.clock())
    try:
        calls = await reader_of(services).calls(key, number, *period)
        phones = await reader_of(services).reachable(key, number, *period)
    except HistoryError as error:
        raise unavailable(error) from error
    hours = [
        NumberHourView(
            at=_time(call.at),
            calls=call.counts,
            calls_complete=call.complete,
            reachable_low=phone.low,
            reachable_high=phone.high,
            reachable_last=phone.last,
            phones=phone.bound,
        )
        for call, phone in zip(calls, phones, strict=True)
    ]
    return await large_json_response(
        NumberHistory(number=number, provider=key[0], account=key[1], hours=hours)
    )


async def show_tickets(request: web.Request) -> web.Response:
    """Open tickets by severity."""
    services, query = services_of(request), read(request.query, _PERIOD)
    try:
        hours = await reader_of(services).tickets(*_period(query, services.clock()))
    except HistoryError as error:
        raise unavailable(error) from error
    views = [TicketHourView(at=_time(hour.at), open=hour.open) for hour in hours]
    return await large_json_response(TicketHistory(hours=views))


async def account_money(
    services: WebServices, key: AccountKey, since: float, until: float
) -> AccountMoney:
    """An account's balance from ``since`` to ``until``, and its forecast at present.

    Raises:
        ApiError: when there is no history, or it cannot be read.
    """
    try:
        hours = await reader_of(services).balance(key, since, until)
    except HistoryError as error:
        raise unavailable(error) from error
    return AccountMoney(hours, (await forecasts(services, [key]))[key])


async def forecasts(
    services: WebServices, keys: Sequence[AccountKey]
) -> dict[AccountKey, Forecast]:
    """The forecast of each of ``keys`` at present; there are as many as a page shows.

    Raises:
        ApiError: when there is no history, or it cannot be read.
    """
    now, reader = services.clock(), reader_of(services)
    try:
        found = await reader.balances(keys, now - DAYS_LOOKED_AT * DAY_SECONDS, now)
    except HistoryError as error:
        raise unavailable(error) from error

    def compute() -> dict[AccountKey, Forecast]:
        return {key: _forecast(services.check_result(*key), found[key], now) for key in keys}

    return await asyncio.to_thread(compute)


def present_outlook(result: CheckResult | None, now: float) -> Outlook | None:
    """What the balance alone says of the stop line; ``None`` where it needs the history."""
    money = None if result is None else result.money
    if result is None or money is None or money.stop is None:
        return Outlook.UNKNOWN
    if not result.is_fresh(Capability.BALANCE, now):
        return Outlook.UNKNOWN
    return Outlook.REACHED if money.balance.amount <= money.stop else None


def _forecast(result: CheckResult | None, hours: Sequence[BalanceHour], now: float) -> Forecast:
    money = None if result is None else result.money
    if result is None or money is None:
        return Forecast(Outlook.UNKNOWN)
    balance = money.balance.amount if result.is_fresh(Capability.BALANCE, now) else None
    # What was spent in another currency says nothing.
    same = [it if it.currency == money.balance.currency else BalanceHour(at=it.at) for it in hours]
    return forecast(same, balance, money.stop, now)


def account_in(request: web.Request) -> AccountKey:
    """The account that the address names.

    Raises:
        ApiError: when no such account is configured.
    """
    key = request.match_info["provider"], request.match_info["account"]
    if key not in services_of(request).accounts():
        expected = "an account listed at /api/accounts"
        raise ApiError("404 there is no such account", expected, _MISSING)
    return key


def reader_of(services: WebServices) -> HistoryReader:
    """The history.

    Raises:
        ApiError: when none is kept.
    """
    reader = services.history()
    if reader is None:
        expected = "history.enabled: true in the configuration; the agent's log says more"
        raise ApiError("503 there is no history", expected, _UNAVAILABLE)
    return reader


def unavailable(error: HistoryError) -> ApiError:
    """The refusal for a history that cannot be read now."""
    text = f"503 the history cannot be read now: {error}"
    return ApiError(text, "the same again, a little later", _UNAVAILABLE)


def _time(at: float) -> str:
    return stamp(at) or ""


def _period(query: Mapping[str, str], now: float) -> tuple[float, float]:
    until = now - int(query["ago"]) * 3600.0
    return until - int(query["hours"]) * 3600.0, until


def _forecast_view(found: Forecast) -> ForecastView:
    return ForecastView(
        outlook=found.outlook,
        at=stamp(found.at),
        earliest=stamp(found.earliest),
        latest=stamp(found.latest),
        daily_spend=found.daily_spend,
        days=found.days,
    )


HISTORY_ROUTES = (
    Endpoint(
        "GET",
        "/api/history/accounts/{provider}/{account}",
        show_account,
        "An account's balance by the hour, and when it reaches its stop line",
        AccountHistory,
        query=_PERIOD,
        errors=(_BAD, _MISSING, _UNAVAILABLE),
    ),
    Endpoint(
        "GET",
        "/api/history/numbers/{number}",
        show_number,
        "A number's calls and reachable phones by the hour",
        NumberHistory,
        query=(*_PERIOD, *ACCOUNT_QUERY),
        errors=(_BAD, _MISSING, _UNAVAILABLE),
    ),
    Endpoint(
        "GET",
        "/api/history/tickets",
        show_tickets,
        "Open tickets by the hour",
        TicketHistory,
        query=_PERIOD,
        errors=(_BAD, _UNAVAILABLE),
    ),
)
"""The endpoints of this module, for the route table."""

"""Reads the history from a Prometheus that scrapes this agent.

An hour is asked for just before its end, over the hour before that: at its end, Prometheus 2 would
count the first scrape of the next hour, too. What no scrape found is a gap.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from agent.config.history import PrometheusServer
from agent.history.hours import (
    HOUR_SECONDS,
    BalanceHour,
    CallsHour,
    HistoryError,
    PhonesHour,
    TicketsHour,
    hour_of,
    hours_between,
)
from agent.model import AccountKey
from agent.net.exchange import ProviderError, Request
from agent.net.http_client import HttpClient, HttpClientLimits
from agent.states import CallResult, Severity

_BEFORE_THE_END: Final = 0.001
"""Seconds; Prometheus has no shorter time."""
_COMPLETE: Final = 900.0
"""Seconds before an hour's end after which its calls must have been polled once more."""
_RESULTS: Final = frozenset(map(str, CallResult))
_ACCOUNTS_AT_ONCE: Final = 4
"""Each takes four queries."""
_LARGEST: Final = 32 * 1024 * 1024
"""Bytes of one answer: 400 days of every result of calls are a fifth of it."""

ByHour = Mapping[int, float]


class _Stream(msgspec.Struct, frozen=True):
    metric: dict[str, str]
    values: list[tuple[float, str]]


class _Matrix(msgspec.Struct, frozen=True):
    result: list[_Stream]


class _Answer(msgspec.Struct, frozen=True):
    data: _Matrix


class PrometheusHistory:
    """The history as a Prometheus has it; a ``HistoryReader``.

    Make and close it inside a running event loop.

    Args:
        server: The configuration; its ``url`` is set.

    Raises:
        OSError: when ``ca_file`` cannot be read.
    """

    def __init__(self, server: PrometheusServer) -> None:
        self._url = f"{(server.url or '').rstrip('/')}/api/v1/query_range"
        token = server.token
        self._headers = {} if token is None else {"Authorization": f"Bearer {token.reveal()}"}
        limits = HttpClientLimits(
            connect_timeout=min(5.0, server.timeout),
            request_timeout=server.timeout,
            max_body=_LARGEST,
            connections=4,
        )
        self._client = HttpClient(limits, egress_allow=server.egress_allow, ca_file=server.ca_file)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def balance(
        self, account: AccountKey, since: float, until: float
    ) -> Sequence[BalanceHour]:
        """An account's balance."""
        hours = hours_between(since, until)
        series = f"numwatch_account_balance{_matcher(account)}"
        first, last, low, high = await asyncio.gather(
            *(
                self._by(hours, "currency", f"max by (currency) ({function})")
                for function in (
                    f"last_over_time({series}[5m] offset 1h)",
                    f"last_over_time({series}[1h])",
                    f"min_over_time({series}[1h])",
                    f"max_over_time({series}[1h])",
                )
            )
        )
        currencies = {hour: name for name, values in last.items() for hour in values}
        return [
            BalanceHour(at=hour * HOUR_SECONDS)
            if (currency := currencies.get(hour)) is None
            else BalanceHour(
                at=hour * HOUR_SECONDS,
                first=first.get(currency, {}).get(hour),
                last=last[currency][hour],
                low=low.get(currency, {}).get(hour),
                high=high.get(currency, {}).get(hour),
                currency=currency,
            )
            for hour in hours
        ]

    async def balances(
        self, accounts: Sequence[AccountKey], since: float, until: float
    ) -> Mapping[AccountKey, Sequence[BalanceHour]]:
        """The balances of several accounts, as many as a page shows, a few at once."""
        turns = asyncio.Semaphore(_ACCOUNTS_AT_ONCE)

        async def read(account: AccountKey) -> Sequence[BalanceHour]:
            async with turns:
                return await self.balance(account, since, until)

        found = await asyncio.gather(*map(read, accounts))
        return dict(zip(accounts, found, strict=True))

    async def calls(
        self, account: AccountKey, number: str, since: float, until: float
    ) -> Sequence[CallsHour]:
        """A number's calls; rounded, for ``increase`` extrapolates to the edges of an hour."""
        hours = hours_between(since, until)
        series = f"numwatch_number_calls_total{_matcher(account, number=number)}"
        polls = _matcher(account, capability="calls")
        success = f"numwatch_poll_last_success_timestamp_seconds{polls}"
        counts, polled = await asyncio.gather(
            self._by(hours, "result", f"sum by (result) (increase({series}[1h]))"),
            self._of(hours, f"max(max_over_time({success}[1h]))"),
        )
        return [_calls_hour(hour, counts, polled.get(hour)) for hour in hours]

    async def reachable(
        self, account: AccountKey, number: str, since: float, until: float
    ) -> Sequence[PhonesHour]:
        """A number's phones that could be reached."""
        hours = hours_between(since, until)
        matcher = _matcher(account, number=number)
        reachable = f"numwatch_number_bindings_reachable{matcher}"
        low, high, last, bound = await asyncio.gather(
            self._of(hours, f"min(min_over_time({reachable}[1h]))"),
            self._of(hours, f"max(max_over_time({reachable}[1h]))"),
            self._of(hours, f"max(last_over_time({reachable}[1h]))"),
            self._of(hours, f"max(last_over_time(numwatch_number_bindings{matcher}[1h]))"),
        )
        return [
            PhonesHour(
                at=hour * HOUR_SECONDS,
                low=_whole(low.get(hour)),
                high=_whole(high.get(hour)),
                last=_whole(last.get(hour)),
                bound=_whole(bound.get(hour)),
            )
            for hour in hours
        ]

    async def tickets(self, since: float, until: float) -> Sequence[TicketsHour]:
        """Open tickets."""
        hours = hours_between(since, until)
        expression = "max_over_time(sum by (severity) (numwatch_tickets)[1h:1m])"
        found = await self._by(hours, "severity", expression)
        return [
            TicketsHour(at=hour * HOUR_SECONDS, open=_open_tickets(hour, found)) for hour in hours
        ]

    async def _of(self, hours: range, expression: str) -> ByHour:
        """The only series of ``expression``."""
        return (await self._by(hours, "", expression)).get("", {})

    async def _by(self, hours: range, label: str, expression: str) -> Mapping[str, ByHour]:
        """The series of ``expression`` by one of their labels.

        Raises:
            HistoryError: when Prometheus does not answer, or not as it should.
        """
        if not hours:
            return {}
        parameters = (
            ("query", expression),
            ("start", str((hours.start + 1) * HOUR_SECONDS - _BEFORE_THE_END)),
            ("end", str(hours.stop * HOUR_SECONDS - _BEFORE_THE_END)),
            ("step", str(HOUR_SECONDS)),
        )
        request = Request(
            "GET", self._url, parameters, self._headers, label="GET /api/v1/query_range"
        )
        try:
            answer = await self._client.fetch(request)
            decoded = await asyncio.to_thread(msgspec.json.decode, answer.body, type=_Answer)
        except ProviderError as error:
            raise HistoryError(f"prometheus.url: {error}") from error
        except msgspec.MsgspecError as error:
            raise HistoryError(f"prometheus.url: no answer of a Prometheus ({error})") from error
        return {it.metric.get(label, ""): _hours(it.values) for it in decoded.data.result}


def _hours(values: Sequence[tuple[float, str]]) -> ByHour:
    """By the hour that holds each time; figures that are none are left out."""
    read = ((hour_of(at), float(text)) for at, text in values)
    return {hour: value for hour, value in read if math.isfinite(value)}


def _matcher(account: AccountKey, **labels: str) -> str:
    named = {"provider": account[0], "account": account[1], **labels}
    return "{" + ",".join(f"{name}={_quoted(value)}" for name, value in named.items()) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _calls_hour(hour: int, counts: Mapping[str, ByHour], polled: float | None) -> CallsHour:
    at = hour * HOUR_SECONDS
    found = {result: round(by_hour[hour]) for result, by_hour in counts.items() if hour in by_hour}
    if not found and (polled is None or polled < at):
        return CallsHour(at=at)
    known = {result: count for result, count in found.items() if count and result in _RESULTS}
    complete = polled is not None and polled >= at + HOUR_SECONDS - _COMPLETE
    return CallsHour(at=at, counts=known, complete=complete)


def _open_tickets(hour: int, found: Mapping[str, ByHour]) -> dict[str, int] | None:
    counts = {it.value: found[it.value][hour] for it in Severity if hour in found.get(it.value, {})}
    return {severity: round(count) for severity, count in counts.items()} or None

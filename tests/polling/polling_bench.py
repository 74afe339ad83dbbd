"""A plain provider behind a real HTTP server whose answers the test sets."""

import asyncio
import json
import time

from aiohttp import web

from agent.config.settings import Account, Polling, ProviderSettings, Settings
from agent.fleet import Fleet
from agent.model import Balance, Binding, Call, Listing, Number, Routing
from agent.net.exchange import ProviderError, Request
from agent.polling.pollers import Pollers
from agent.states import CallResult, Capability, NumberState, PollFailure
from exporters.telemetry import Telemetry


class ScriptedServer:
    """A server whose answers can be changed while it runs; records the times of its requests."""

    def __init__(self):
        self.answers = {}
        self.times = []
        self.paths = []
        self.under_way = 0
        self.most_under_way = 0
        self.url = ""

    async def handle(self, request):
        self.times.append(asyncio.get_running_loop().time())
        self.paths.append(request.path_qs)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            answer = self.answers.get(request.path, {})
            if callable(answer):
                answer = answer(request)
                if asyncio.iscoroutine(answer):
                    answer = await answer
            if isinstance(answer, web.StreamResponse):
                return answer
            return web.json_response(answer)
        finally:
            self.under_way -= 1


class PlainProvider:
    """Reads one account over HTTP in the plainest way."""

    def __init__(self, fetch, url, capabilities=frozenset(Capability), fan_out=("routing",)):
        self.name = "north"
        self.capabilities = frozenset(capabilities)
        self.fan_out = frozenset(map(Capability, fan_out))
        self._fetch = fetch
        self._url = url

    async def _get(self, path):
        answer = await self._fetch(Request("GET", self._url + path))
        try:
            return json.loads(answer.body)
        except ValueError as error:
            raise ProviderError(PollFailure.DECODE, "not JSON") from error

    async def numbers(self):
        states = await self._get("/numbers")
        return Listing(tuple(Number(name, NumberState(state)) for name, state in states.items()))

    async def routing(self, numbers):
        tasks = [asyncio.create_task(self._get(f"/routing/{number}")) for number in numbers]
        try:
            answers = await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            raise
        return {
            number: Routing(wait_seconds=answer["wait"])
            for number, answer in zip(numbers, answers, strict=True)
            if answer
        }

    async def reachability(self, numbers):
        phones = await self._get("/bindings")
        return {
            number: tuple(Binding(phone, phone) for phone in phones[number])
            for number in numbers
            if number in phones
        }

    async def balance(self):
        return Balance(**await self._get("/balance"))

    async def calls(self, since):
        records = await self._get(f"/calls?since={since}")
        return tuple(Call(i, n, at, CallResult(r), *more) for i, n, at, r, *more in records)


def settings_of(*accounts, polling=None, provider="north", base_url=None, profile="generic"):
    """Settings with one provider, by default as quick as tests need it."""
    quick = {
        "intervals": dict.fromkeys(map(str, Capability), 0.1),
        "timeout": 1.0,
        "request_timeout": 0.5,
        "rate": 1000.0,
        "attempts": 1,
    }
    return Settings(
        providers=[
            ProviderSettings(
                name=provider,
                profile=profile,
                base_url=base_url,
                egress_allow=["127.0.0.0/8"],
                accounts=[
                    account if isinstance(account, Account) else Account(id=account)
                    for account in accounts
                ],
            )
        ],
        polling=Polling(**{**quick, **(polling or {})}),
    )


async def until(condition, seconds=5.0):
    """Wait for ``condition`` to be true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


class Bench:
    """Pollers, their fleet and their counters; ``make_provider`` may be replaced by a test."""

    def __init__(self, server, clock=time.time):
        self.server = server
        self.fleet = Fleet()
        self.telemetry = Telemetry()
        self.capabilities = {Capability.NUMBERS}
        self.fan_out = ("routing",)
        self.make_provider = self._make_plain_provider
        self.pollers = Pollers(
            self.fleet,
            self.telemetry,
            clock,
            build=self._build,
        )

    def _build(self, *args, **more):
        return self.make_provider(*args, **more)

    def _make_plain_provider(self, _settings, account, fetch, _polling, **_reports):
        base = f"{self.server.url}/{account.id}"
        return PlainProvider(fetch, base, self.capabilities, self.fan_out)

    def count(self, counter, **labels):
        """The sum of a counter's samples that have these labels."""
        return sum(
            sample.value
            for metric in getattr(self.telemetry, counter).collect()
            for sample in metric.samples
            if labels.items() <= sample.labels.items() and sample.name.endswith("_total")
        )

    def snapshot(self, account="hq"):
        return self.fleet.get("north", account)

    def status(self, capability=Capability.NUMBERS, account="hq"):
        snapshot = self.snapshot(account)
        return snapshot.polls[capability] if snapshot else None

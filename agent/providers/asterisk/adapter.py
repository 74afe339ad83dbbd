"""``profile: asterisk``: the endpoints of the inventory at an Asterisk."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from agent.net.decode import decode_json
from agent.net.exchange import Fetch, Request
from agent.net.gather import run_concurrently
from agent.net.urls import encode
from agent.net.word_counts import add_bounded, shown_words
from agent.providers.adapter import Adapter, AdapterAccount, Option, switch
from agent.providers.asterisk.answers import PhoneState, device_word, endpoints_of, phone_state
from agent.providers.base import Provider
from agent.providers.inventory_facts import PhoneStates
from agent.providers.pbx import CAPABILITIES, PbxProvider

_NOT_FOUND = 404


@dataclass(frozen=True, repr=False)
class Ari:
    """Asterisk's REST interface; only what reads."""

    url: str
    fetch: Fetch
    credentials: Callable[[], Mapping[str, str]]

    async def read(self, path: str, label: str, *, absent: bool = False) -> Any:
        """The decoded answer; with ``absent``, ``None`` for what Asterisk does not have (404).

        Raises:
            ProviderError: when the request fails or its answer is not JSON.
        """
        answer = await self.fetch(
            Request(
                method="GET",
                url=self.url + path,
                headers={"Accept": "application/json"},
                sign=self._sign,
                accept=frozenset({_NOT_FOUND}) if absent else frozenset(),
                label=label,
            )
        )
        return None if answer.status == _NOT_FOUND else await decode_json(answer, label)

    def _sign(self, request: Request) -> Request:
        given = self.credentials()
        login = base64.b64encode(f"{given['user']}:{given['password']}".encode()).decode()
        return replace(request, headers={**request.headers, "Authorization": f"Basic {login}"})


class Asterisk:
    """Reads the endpoints of one Asterisk and, one by one, the states of their devices."""

    def __init__(self, account: AdapterAccount) -> None:
        self._ari = Ari(account.base_url, account.fetch, account.credentials)
        self._account = account
        self._technology: str = account.options["technology"]
        self._device_states: bool = account.options["device_states"]

    async def probe(self) -> None:
        """List the endpoints, which needs the same credentials as everything else."""
        await self._endpoints()

    async def states(self) -> PhoneStates:
        """The state of every extension of the inventory."""
        endpoints = await self._endpoints()
        states: dict[str, PhoneState] = {}
        unmapped: dict[str, int] = {}
        remaining = iter(self._account.inventory.extensions)

        async def work() -> None:
            # One iterator for all workers: each takes the next when it is done with one.
            for extension in remaining:
                states[extension], words = await self._state(extension, endpoints)
                for word in words:
                    add_bounded(unmapped, word)

        await run_concurrently(work() for _ in range(self._account.concurrency))
        if unmapped:
            reports = self._account.reports
            reports.unmapped("reachability.state", sum(unmapped.values()))
            reports.words("reachability.state", shown_words(unmapped))
        return states

    async def _endpoints(self) -> dict[str, str]:
        return endpoints_of(await self._ari.read("/endpoints", "GET /endpoints"))

    async def _state(
        self, extension: str, endpoints: Mapping[str, str]
    ) -> tuple[PhoneState, list[str]]:
        """The state of a phone, and the words that are not known."""
        name = extension if "/" in extension else f"{self._technology}/{extension}"
        device = await self._device(name) if self._device_states else None
        return phone_state(endpoints.get(name.lower()), device)

    async def _device(self, name: str) -> str | None:
        # GET /deviceStates lists only the devices that ARI itself controls.
        label = "GET /deviceStates/{device}"
        tree = await self._ari.read(f"/deviceStates/{encode(name)}", label, absent=True)
        return None if tree is None else device_word(tree)


def _technology(text: str) -> str:
    if not text.isalnum():
        raise ValueError("not a technology")
    return text


def make(account: AdapterAccount) -> Provider:
    """The provider of one account."""
    return PbxProvider(account, Asterisk(account))


ADAPTER = Adapter(
    name="asterisk",
    title="Asterisk",
    capabilities=CAPABILITIES,
    make=make,
    credentials=("user", "password"),
    options=(
        Option(
            "technology",
            "PJSIP",
            _technology,
            "a channel technology such as PJSIP",
            "The channel technology of extensions that are written without one.",
        ),
        Option(
            "device_states",
            "yes",
            switch,
            "yes or no",
            "Whether the device of every extension is read too, with one request each: it tells "
            "what is busy and what Asterisk does not know.",
        ),
    ),
    phone_key="extension",
)

"""``profile: tencent_ccc``: the numbers and extensions of one instance of the contact centre."""

import re
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec

from agent.model import Balance, Binding, Call, Listing, Routing
from agent.providers.adapter import Adapter, AdapterAccount, Option, Problems, switch
from agent.providers.base import Provider
from agent.providers.inventory_facts import bindings_of
from agent.providers.inventory_provider import InventoryProvider
from agent.providers.tencent_ccc.api import BASE_URL, BILLING, CONTACT_CENTRE, TencentApi
from agent.providers.tencent_ccc.listing import ListingReader, PagedAction
from agent.providers.tencent_ccc.records import ends_of_contracts, with_derived
from agent.states import Capability

_DAY: Final = 86400.0
_LONGEST_WINDOW: Final = 89 * _DAY
_OLDEST: Final = 179 * _DAY
"""Call records are given for less than 90 days at once, and of the last 180 days."""
_INSTANCE: Final = re.compile(r"[1-9]\d{3,14}", re.ASCII)

_NUMBERS: Final = PagedAction(Capability.NUMBERS, "DescribeNumbers", "Numbers", "TotalCount")
_EXTENSIONS: Final = PagedAction(
    Capability.REACHABILITY, "DescribeExtensions", "ExtensionList", "Total"
)
_CALLS: Final = PagedAction(
    Capability.CALLS, "DescribeTelCdr", "TelCdrList", "TotalCount", growing=True
)


class TencentCcc:
    """One instance of the contact centre."""

    name = "tencent_ccc"
    capabilities = frozenset(Capability) - {Capability.ROUTING}
    fan_out: frozenset[Capability] = frozenset()

    def __init__(self, account: AdapterAccount) -> None:
        self._account = account
        base_url = account.base_url or BASE_URL
        self._api = TencentApi(base_url, account.fetch, account.credentials, account.clock)
        self._reader = ListingReader(self._api, account)
        self._phone_ids = _phone_ids(account)

    async def numbers(self) -> Listing:
        """The complete listing, with the ends of contracts where the option says so."""
        collected = await self._reader.read(_NUMBERS, self._instance(), attrgetter("number"))
        ends = await self._ends() if self._account.options["purchases"] else {}
        grade = {} if self._account.grade is None else {"grade": self._account.grade}
        numbers = [
            msgspec.structs.replace(number, contract_end=ends.get(number.number), **grade)
            for number in collected.facts
        ]
        return Listing(tuple(sorted(numbers, key=attrgetter("number"))), collected.invalid)

    async def reachability(self, numbers: Sequence[str]) -> Mapping[str, tuple[Binding, ...]]:
        """The inventory's phones; an extension that it does not know stands under itself."""
        del numbers  # one read answers for all
        params = {**self._instance(), "IsNeedStatus": True}
        collected = await self._reader.read(_EXTENSIONS, params, _extension)
        phones = [phone for _, phone in collected.facts]
        inventory = self._account.inventory
        states = {phone.id: (phone.state, phone.native_status) for phone in phones}
        known = set(inventory.extensions)
        unknown = {phone.id: (phone,) for phone in phones if phone.id not in known}
        return {**unknown, **bindings_of(inventory, states)}

    async def balance(self) -> Balance:
        """The balance of the Tencent Cloud account, which its other services spend too."""
        action = "DescribeAccountBalance"
        response = await self._api.call(BILLING, action, {})
        balance: Balance = await self._reader.read_one(Capability.BALANCE, action, response)
        return balance

    async def calls(self, since: float) -> tuple[Call, ...]:
        """Inbound calls of at most the last 180 days, one window after the other."""
        calls: dict[str, Call] = {}
        for window in _windows(since, self._account.clock()):
            params = {**self._instance(), **window}
            collected = await self._reader.read(
                _CALLS, params, attrgetter("id"), self._with_derived
            )
            calls.update((call.id, call) for call in collected.facts)
        # Records have whole seconds.
        return tuple(call for call in calls.values() if call.started_at >= int(since))

    async def routing(self, numbers: Sequence[str]) -> Mapping[str, Routing]:
        """Not among the capabilities: the API tells nothing of it."""
        raise NotImplementedError

    def _instance(self) -> dict[str, Any]:
        return {"SdkAppId": int(self._account.credentials()["sdk_app_id"])}

    async def _ends(self) -> dict[str, float]:
        instance = self._instance()["SdkAppId"]
        response = await self._api.call(
            CONTACT_CENTRE, "DescribeCCCBuyInfoList", {"SdkAppIds": [instance]}
        )
        return ends_of_contracts(response, instance)

    def _with_derived(self, record: Any) -> Any:
        return with_derived(record, self._phone_ids)


def _extension(fact: tuple[str, Binding]) -> str:
    return fact[1].id


def _phone_ids(account: AdapterAccount) -> dict[str, str]:
    """The id of each phone of the inventory by its extension and its number."""
    return {
        name: phone.id
        for entry in account.inventory.numbers
        for phone in entry.phones
        for name in (phone.extension, phone.phone)
        if name
    }


def _windows(since: float, now: float) -> Iterator[dict[str, int]]:
    """Windows of call records from ``since`` to ``now``, in epoch seconds."""
    start = max(since, now - _OLDEST)
    while start <= now:
        end = min(start + _LONGEST_WINDOW, now)
        yield {"StartTimeStamp": int(start), "EndTimeStamp": int(end)}
        start = end + 1


def _credential_problems(_options: Mapping[str, Any], given: Mapping[str, str]) -> Problems:
    # The value is not repeated: it is among the credentials.
    if given.get("sdk_app_id") and not _INSTANCE.fullmatch(given["sdk_app_id"]):
        yield "sdk_app_id", "has another form, expected the instance's number, digits in quotes"


def make(account: AdapterAccount) -> Provider:
    """The provider of one account."""
    provider = TencentCcc(account)
    inventory = account.inventory
    return InventoryProvider(provider, inventory, account.grade) if inventory else provider


ADAPTER = Adapter(
    name="tencent_ccc",
    title="Tencent Cloud Contact Center",
    capabilities=TencentCcc.capabilities,
    make=make,
    needs_base_url=False,
    credentials=("secret_id", "secret_key", "sdk_app_id"),
    needs_inventory=False,
    check_credentials=_credential_problems,
    options=(
        Option(
            "purchases",
            "yes",
            switch,
            "yes or no",
            "Whether the purchases are read too, with one request: they say when numbers end.",
        ),
    ),
)

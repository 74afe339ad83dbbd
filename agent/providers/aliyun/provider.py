"""One account at Alibaba Cloud: what its products tell, joined with the inventory.

There is no list of 400 numbers, so those of the inventory are the account's; virtual numbers and
the call centre's are listed by their products.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from operator import attrgetter
from typing import Final

import msgspec

from agent.model import Balance, Binding, Call, Listing, Routing
from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.net.ranges import amount_in_range
from agent.providers.adapter import AdapterAccount
from agent.providers.aliyun.api import Api
from agent.providers.aliyun.listings import Listings
from agent.providers.aliyun.operations import BALANCE, CCC_CALLS, AccountMoney
from agent.providers.aliyun.phone_status import PhoneStatus
from agent.providers.aliyun.phones import Phones
from agent.providers.aliyun.products import Product
from agent.providers.aliyun.transfer_config import TransferConfig, TransferConfigs
from agent.providers.aliyun.transfer_records import TransferRecords
from agent.providers.inventory_facts import completed, listing_of
from agent.states import Capability, PollFailure

_HOTLINE: Final = re.compile(r"400\d{7}", re.ASCII)


class AliyunProvider:
    """Reads one account; see ``Provider``."""

    def __init__(self, account: AdapterAccount) -> None:
        self.name = account.name
        self._account = account
        api = Api(account)
        products: frozenset[Product] = account.options["products"]
        self._phones = Phones(account.inventory)
        self._listings = Listings(api)
        has_400 = Product.DYVMS in products
        self._configs = TransferConfigs(api) if has_400 else None
        self._records = TransferRecords(api, self._phones) if has_400 else None
        self._ccc_calls = api.reader(CCC_CALLS) if Product.CCC in products else None
        self._balance = api.reader(BALANCE) if Product.BSS in products else None
        self._status = PhoneStatus(api) if Product.DYTNS in products else None
        self._hotlines = tuple(filter(_HOTLINE.fullmatch, account.inventory.own))
        self.capabilities = self._capabilities()
        self.routing_parts = frozenset({"strategy", "wait_seconds"})
        fan_out = {Capability.ROUTING, Capability.REACHABILITY} if has_400 else set()
        self.fan_out = frozenset(fan_out) & self.capabilities

    def _capabilities(self) -> frozenset[Capability]:
        has_phones = any(entry.phones for entry in self._account.inventory.numbers)
        tells = {
            Capability.NUMBERS: True,
            Capability.ROUTING: self._configs is not None,
            Capability.REACHABILITY: self._configs is not None or has_phones,
            Capability.BALANCE: self._balance is not None,
            Capability.CALLS: self._records is not None or self._ccc_calls is not None,
        }
        return frozenset(capability for capability, does in tells.items() if does)

    async def numbers(self) -> Listing:
        """The inventory's numbers and those that products list."""
        listed, invalid = await self._listings.read()
        inventory, grade = self._account.inventory, self._account.grade
        if grade is not None:
            listed = [msgspec.structs.replace(number, grade=grade) for number in listed]
        known = {number.number for number in listed}
        others = (it for it in listing_of(inventory, grade).numbers if it.number not in known)
        numbers = tuple(sorted((*listed, *others), key=attrgetter("number")))
        return completed(Listing(numbers, invalid), inventory)

    async def routing(self, numbers: Sequence[str]) -> Mapping[str, Routing]:
        """How the 400 numbers among ``numbers`` transfer their calls."""
        assert self._configs is not None
        routing_of = self._configs.routing_of
        configs = await self._read_configs(numbers)
        return {number: routing_of(config) for number, config in configs.items()}

    async def reachability(self, numbers: Sequence[str]) -> Mapping[str, tuple[Binding, ...]]:
        """The phones behind ``numbers``, with the states that were paid for."""
        bindings = await self._bindings(numbers)
        if self._status is None:
            return bindings
        await self._status.query_due(it.phone for phones in bindings.values() for it in phones)
        return {
            number: tuple([await self._status.with_state(phone) for phone in phones])
            for number, phones in bindings.items()
        }

    async def balance(self) -> Balance:
        """What is left on the account, credit included; it may be negative."""
        assert self._balance is not None
        collected = await self._balance.read_single({})
        if len(collected.facts) != 1:
            why = "; ".join((f"{len(collected.facts)} balances", *collected.misfits[:1]))
            raise ProviderError(PollFailure.SCHEMA, f"{self._balance.label}: {why}, expected one")
        money: AccountMoney = collected.facts[0]
        try:
            # Written with commas from a thousand on.
            amount = amount_in_range(str(Decimal(money.amount.replace(",", ""))))
        except (InvalidOperation, ValueError):
            text = f"{self._balance.label}: AvailableAmount is no amount of money"
            raise ProviderError(PollFailure.SCHEMA, text) from None
        return Balance(amount, money.currency)

    async def calls(self, since: float) -> tuple[Call, ...]:
        """Calls that began at or after ``since``; of those to 400 numbers the result is unknown."""
        calls: list[Call] = []
        if self._records is not None:
            # Of the call centre's numbers there are better records.
            others = [it for it in self._hotlines if it not in self._listings.of_ccc]
            calls += await self._records.since(tuple(others), since)
        if self._ccc_calls is not None:
            values = {"since_ms": str(int(since * 1000))}
            collected = await self._ccc_calls.read_listing(values, attrgetter("id"))
            self._listings.check(self._ccc_calls, collected, Capability.CALLS)
            calls += [call for call in collected.facts if call.started_at >= since]
        return tuple(calls)

    async def _bindings(self, numbers: Sequence[str]) -> dict[str, tuple[Binding, ...]]:
        configs = await self._read_configs(numbers) if self._configs is not None else {}
        bindings: dict[str, tuple[Binding, ...]] = {}
        for number in numbers:
            config, virtual = configs.get(number), self._listings.phones.get(number)
            phones = config.phones if config is not None else virtual
            bound = (
                self._phones.of_inventory(number)
                if phones is None
                else self._phones.bindings_of(number, phones)
            )
            if bound is not None:
                bindings[number] = bound
        return bindings

    async def _read_configs(self, numbers: Sequence[str]) -> dict[str, TransferConfig]:
        assert self._configs is not None
        read, found = self._configs.read, dict[str, TransferConfig]()
        remaining = filter(_HOTLINE.fullmatch, numbers)

        async def work() -> None:
            # One iterator for all workers: each takes the next when it is done with one.
            for number in remaining:
                config = await read(number)
                if config is not None:
                    found[number] = config

        await run_concurrently(work() for _ in range(self._account.concurrency))
        return found

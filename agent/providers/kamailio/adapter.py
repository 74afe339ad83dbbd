"""``profile: kamailio``: the extensions and trunks of the inventory at a Kamailio."""

import asyncio
from collections.abc import Sequence

from agent.config.inventory.inventory import Inventory
from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.providers.adapter import Adapter, AdapterAccount, Option, whole
from agent.providers.base import Provider
from agent.providers.inventory_facts import PhoneStates
from agent.providers.kamailio.answers import (
    NOT_REGISTERED,
    PhoneState,
    flags_of_targets,
    plain_address,
    state_in_dump,
    state_of_contacts,
    state_of_target,
    states_of_dump,
)
from agent.providers.kamailio.rpc import Rpc, RpcError
from agent.providers.pbx import CAPABILITIES, PbxProvider
from agent.states import BindingKind, PollFailure

_ABSENT = ("aor not found", "aor has no contacts")
"""Beginnings of the messages that say that a phone is not registered."""
_NO_TRUNKS = "no destination sets"


class Kamailio:
    """Reads the location table and the dispatcher of one Kamailio."""

    def __init__(self, account: AdapterAccount) -> None:
        self._rpc = Rpc(account.base_url, account.fetch, account.credentials)
        self._location: str = account.options["location"]
        self._dump_from: int = account.options["dump_from"]
        self._concurrency = account.concurrency
        self._trunks = _trunks(account.inventory)
        self._extensions = tuple(
            name for name in account.inventory.extensions if name not in set(self._trunks)
        )

    async def probe(self) -> None:
        """Ask for the version."""
        await self._call("core.version")

    async def states(self) -> PhoneStates:
        """The registration of every extension, and the state of every trunk."""
        states: dict[str, PhoneState] = {}
        if len(self._extensions) >= self._dump_from:
            states |= await self._dumped()
        elif self._extensions:
            states |= await self._looked_up()
        if self._trunks:
            states |= await self._of_trunks()
        return states

    async def _looked_up(self) -> dict[str, PhoneState]:
        states: dict[str, PhoneState] = {}
        remaining = iter(self._extensions)

        async def work() -> None:
            # One iterator for all workers: each takes the next when it is done with one.
            for extension in remaining:
                states[extension] = await self._lookup(extension)

        await run_concurrently(work() for _ in range(self._concurrency))
        return states

    async def _lookup(self, extension: str) -> PhoneState:
        try:
            record = await self._rpc.call("ul.lookup", self._location, extension)
        except RpcError as error:
            if error.message.lower().startswith(_ABSENT):
                return NOT_REGISTERED
            raise _failure("ul.lookup", error) from error
        return state_of_contacts(record, "ul.lookup")

    async def _dumped(self) -> dict[str, PhoneState]:
        tree = await self._call("ul.dump")
        # The table of a large registrar takes long to walk.
        found = await asyncio.to_thread(states_of_dump, tree, self._location)
        return {extension: state_in_dump(extension, found) for extension in self._extensions}

    async def _of_trunks(self) -> dict[str, PhoneState]:
        try:
            flags = flags_of_targets(await self._rpc.call("dispatcher.list"))
        except RpcError as error:
            if not error.message.lower().startswith(_NO_TRUNKS):
                raise _failure("dispatcher.list", error) from error
            flags = {}
        return {
            trunk: state_of_target(flags.get(plain_address(trunk), ())) for trunk in self._trunks
        }

    async def _call(self, method: str) -> object:
        try:
            return await self._rpc.call(method)
        except RpcError as error:
            raise _failure(method, error) from error


def _failure(method: str, error: RpcError) -> ProviderError:
    return ProviderError(PollFailure.API_ERROR, f"{method}: Kamailio says {error.message}")


def _trunks(inventory: Inventory) -> Sequence[str]:
    """The extensions that are targets of the dispatcher: trunks, and what is a SIP address."""
    return tuple(
        sorted(
            {
                phone.extension
                for entry in inventory.numbers
                for phone in entry.phones
                if phone.extension
                and (
                    phone.kind is BindingKind.TRUNK or phone.extension.startswith(("sip:", "sips:"))
                )
            }
        )
    )


def _word(text: str) -> str:
    if not text or not text.isascii() or not text.isprintable():
        raise ValueError("not a word")
    return text


def make(account: AdapterAccount) -> Provider:
    """The provider of one account."""
    return PbxProvider(account, Kamailio(account))


ADAPTER = Adapter(
    name="kamailio",
    title="Kamailio",
    capabilities=CAPABILITIES,
    make=make,
    optional_credentials=("user", "password"),
    options=(
        Option(
            "location",
            "location",
            _word,
            "the name of a location table",
            "The location table, as `save()` names it.",
        ),
        Option(
            "dump_from",
            "100",
            whole(1, 1_000_000),
            "a whole number from 1 to 1000000",
            "From so many extensions on, the whole table is read at once instead of one "
            "extension after the other.",
        ),
    ),
    phone_key="extension",
)

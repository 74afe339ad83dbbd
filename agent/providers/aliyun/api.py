"""Makes the readers of an account's operations: each product's address, signature and errors."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from msgspec.structs import replace

from agent.clock import wall_clock
from agent.net.exchange import Answer, Request
from agent.providers.adapter import AdapterAccount
from agent.providers.aliyun.errors import ENVELOPE
from agent.providers.aliyun.operations import Read
from agent.providers.aliyun.products import Product, address_of
from agent.providers.profile.operation import OperationReader, ReadContext
from agent.providers.profile.operation_client import ApiAccount, OperationClient
from agent.providers.profile.paging import Bounds
from agent.providers.profile.schema import Profile
from agent.providers.signing.signers import make_signer

_PROFILE: Final = Profile(name="aliyun", title="Alibaba Cloud", envelope=ENVELOPE)
_MOST_PAGES: Final = 100
"""Pages that the call centre numbers; it refuses later ones."""


@dataclass(frozen=True, repr=False)
class Api:
    """The APIs of one account's products."""

    account: AdapterAccount

    def reader(self, read: Read) -> OperationReader:
        """A reader of the operation's records."""
        limits = self.account.limits
        pages = min(limits.max_pages, _MOST_PAGES) if read.product is Product.CCC else None
        bounds = Bounds(
            pages or limits.max_pages, limits.concurrency, limits.max_numbers, limits.max_records
        )
        context = ReadContext(self._api(read), bounds, self.account.reports)
        return OperationReader(read.name, read.operation, read.target, context)

    def client(self, read: Read) -> OperationClient:
        """A client of the operation, for answers that are no list of records."""
        signing = read.operation.signing
        scope = (signing and signing.action) or read.name
        return OperationClient(self._api(read), read.operation, scope)

    def _api(self, read: Read) -> ApiAccount:
        account = self.account
        return ApiAccount(
            profile=_PROFILE,
            base_url=address_of(read.product, account.options, account.base_url),
            fetch=self._paid if read.product is Product.DYTNS else account.fetch,
            signer=partial(make_signer, reveal=self._reveal, clock=wall_clock(account.clock)),
            reveal=self._reveal,
        )

    def _reveal(self) -> dict[str, str]:
        return {**self.account.credentials(), "ccc_instance": self.account.options["ccc_instance"]}

    async def _paid(self, request: Request) -> Answer:
        return await self.account.fetch(replace(request, is_paid=True))

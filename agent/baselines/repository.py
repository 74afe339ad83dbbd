"""Where baselines are kept through restarts, with the versions that were approved before."""

from collections.abc import Sequence

import msgspec

from agent.baselines.baseline import PAGE_PREFIX, Baseline, BaselineBook, approved
from agent.model import Snapshot
from agent.store.database import Database
from agent.store.errors import StoreError

HISTORY_PREFIX = "baseline-history/"
VERSIONS_KEPT = 20
"""So many earlier baselines of a number are kept, the newest."""


class BaselineRepository:
    """The book of baselines and the ledger it is written to."""

    def __init__(self, database: Database, book: BaselineBook) -> None:
        self._database = database
        self.book = book

    async def restore(self) -> None:
        """Read every baseline back.

        Raises:
            StoreError: when the ledger refuses.
            ValueError: when a page is damaged; it names the page.
        """
        self.book.restore(await self._database.pages(PAGE_PREFIX))

    async def keep(self) -> None:
        """Write down what changed since the last time.

        Raises:
            StoreError: when the ledger refuses; it is tried again next time.
        """
        for name, content in self.book.take_unwritten():
            try:
                await self._database.put(name, content)
            except StoreError:
                self.book.mark_unwritten(name)
                raise

    async def approve(
        self, snapshot: Snapshot, number: str, now: float, by: str, note: str = ""
    ) -> Baseline:
        """Make what ``snapshot`` shows of ``number`` its next approved version, and keep it.

        Raises:
            LookupError: when the snapshot does not show the number's whole configuration.
            StoreError: when the ledger refuses; the baseline is then as it was.
        """
        place = snapshot.provider, snapshot.account, number
        before = self.book.get(*place)
        baseline = approved(snapshot, number, before, now, by, note)
        if before is not None:
            earlier = (*await self.history(*place), before)[-VERSIONS_KEPT:]
            await self._database.put(_history_name(*place), msgspec.msgpack.encode(earlier))
        self.book.put(*place, baseline)
        await self.keep()
        return baseline

    async def history(self, provider: str, account: str, number: str) -> Sequence[Baseline]:
        """The baselines that held before the present one, the oldest first.

        Raises:
            StoreError: when the ledger refuses.
            ValueError: when what is kept is damaged.
        """
        content = await self._database.get(_history_name(provider, account, number))
        return () if content is None else _decode(content, number)


def _history_name(provider: str, account: str, number: str) -> str:
    return f"{HISTORY_PREFIX}{provider}/{account}/{number}"


def _decode(content: bytes, number: str) -> Sequence[Baseline]:
    try:
        return msgspec.msgpack.decode(content, type=tuple[Baseline, ...])
    except msgspec.MsgspecError as error:
        raise ValueError(f"the earlier baselines of {number} cannot be read: {error}") from error

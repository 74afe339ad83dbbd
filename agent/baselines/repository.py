"""Stores baselines and their earlier versions in the ledger, so that they survive restarts."""

from collections.abc import Sequence

import msgspec

from agent.baselines.baseline import PAGE_PREFIX, Baseline, BaselineBook, approved
from agent.model import Snapshot
from agent.store import StoreError
from agent.store.changed_pages import ChangedPages
from agent.store.database import Database
from agent.store.page_batches import in_batches

HISTORY_PREFIX = "baseline-history/"
VERSIONS_KEPT = 20
"""Earlier versions stored for each number; older ones are dropped."""


class BaselineRepository:
    """The baselines in memory and the ledger they are stored in."""

    def __init__(self, database: Database, book: BaselineBook) -> None:
        self._database = database
        self._pages = ChangedPages(database, PAGE_PREFIX)
        self.book = book
        self._read: dict[str, int] = {}
        """By the name of each page that was read, a hash of it."""

    async def restore(self) -> None:
        """Load every stored baseline that is not as it was read the last time.

        Raises:
            StoreError: if the ledger cannot be read.
            ValueError: if a page is damaged; names the page.
        """
        pages = await self._pages.read()
        read = {name: hash(content) for name, content in pages}
        try:
            self.book.restore(page for page in pages if self._read.get(page[0]) != read[page[0]])
        except ValueError:
            # What could not be restored has to be said the next time, too.
            self._pages = ChangedPages(self._database, PAGE_PREFIX)
            raise
        self._read |= read

    async def write_changes(self) -> None:
        """Store every page that changed since the last call.

        Raises:
            StoreError: if the ledger cannot be written; the next call tries again.
        """
        for pages in in_batches(self.book.take_unwritten()):
            try:
                await self._database.replace(pages, ())
            except StoreError:
                for name in pages:
                    self.book.mark_unwritten(name)
                raise

    async def approve(
        self, snapshot: Snapshot, number: str, now: float, by: str, note: str = ""
    ) -> Baseline:
        """Store the configuration in ``snapshot`` as the next approved version of ``number``.

        Raises:
            LookupError: if the snapshot does not hold the number's complete configuration.
            StoreError: if the ledger cannot be written; the baseline is unchanged.
        """
        key = snapshot.provider, snapshot.account, number
        before = self.book.get(*key)
        baseline = approved(snapshot, number, before, now, by, note)
        if before is not None:
            earlier = (*await self.history(*key), before)[-VERSIONS_KEPT:]
            await self._database.put(_history_name(*key), msgspec.msgpack.encode(earlier))
        self.book.put(*key, baseline)
        await self.write_changes()
        return baseline

    async def history(self, provider: str, account: str, number: str) -> Sequence[Baseline]:
        """Returns the baselines before the present one, oldest first.

        Raises:
            StoreError: if the ledger cannot be read.
            ValueError: if the stored history is damaged.
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

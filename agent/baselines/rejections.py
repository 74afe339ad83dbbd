"""Drift that a person has rejected: who, when and why, until it is taken back or approved.

A rejection changes nothing at the provider. It stands as long as the sections that it is about
differ from the baseline, and while that is not known. As long as it stands, an alert keeps the
drift's ticket open.
"""

from collections.abc import Iterator, Mapping

import msgspec

from agent.baselines.drift import Difference
from agent.checks.result import CheckResult
from agent.model import AccountKey
from agent.states import ConfigSection
from agent.store.database import Database

PAGE_PREFIX = "drift-rejections/"
MOST_REJECTIONS = 20
"""Rejections stored for each number; older ones are dropped."""
_SEVERE = frozenset({ConfigSection.BINDINGS, ConfigSection.LISTS, ConfigSection.REGION})
"""Sections whose drift is critical, as in the rule ConfigDrift."""

NumberAt = tuple[str, str, str]
"""Provider, account and number."""


class Rejection(msgspec.Struct, frozen=True):
    """One rejection."""

    at: float
    by: str
    reason: str
    changes: tuple[str, ...] = ()
    """The rejected differences as text, with phones masked."""
    sections: tuple[ConfigSection, ...] = ()
    """The sections that differed."""
    ended_at: float | None = None
    """When they were as approved again; ``None`` while it stands."""

    @property
    def is_severe(self) -> bool:
        """Whether the drift of one of its sections is critical."""
        return not _SEVERE.isdisjoint(self.sections)


class _Stored(msgspec.Struct, frozen=True):
    number: NumberAt
    rejections: tuple[Rejection, ...]


class DriftRejections:
    """All rejections, in memory and in the store. Make one with :meth:`open`."""

    def __init__(
        self, database: Database, by_number: Mapping[NumberAt, tuple[Rejection, ...]]
    ) -> None:
        self._database = database
        self._by_number = dict(by_number)

    @classmethod
    async def open(cls, database: Database) -> "DriftRejections":
        """The rejections in the store.

        Raises:
            StoreError: if the store cannot be read.
            ValueError: if a page is damaged; names the page.
        """
        rejections = cls(database, {})
        await rejections.restore()
        return rejections

    async def restore(self) -> None:
        """Read every rejection of the store; raises as :meth:`open` does."""
        stored = [_decode(*page) for page in await self._database.pages(PAGE_PREFIX)]
        self._by_number = {it.number: it.rejections for it in stored}

    def of(self, provider: str, account: str, number: str) -> tuple[Rejection, ...]:
        """The rejections of a number, oldest first."""
        return self._by_number.get((provider, account, number), ())

    def standing(self) -> Iterator[tuple[NumberAt, Rejection]]:
        """Each number whose newest rejection stands, with that rejection."""
        for number, rejections in self._by_number.items():
            if rejections[-1].ended_at is None:
                yield number, rejections[-1]

    async def reject(
        self,
        number: NumberAt,
        by: str,
        reason: str,
        differences: tuple[Difference, ...],
        now: float,
    ) -> Rejection:
        """Store that ``by`` rejects ``differences``; when this returns, it is durable.

        Raises:
            LookupError: if nothing differs.
            StoreError: if the store cannot be written; nothing was rejected then.
        """
        if not differences:
            raise LookupError(f"nothing differs from the baseline of {number[2]}")
        sections = tuple(dict.fromkeys(each.section for each in differences))
        rejection = Rejection(now, by, reason, tuple(map(str, differences)), sections)
        await self._put(number, (*self._by_number.get(number, ()), rejection))
        return rejection

    async def end_those_taken_back(
        self, results: Mapping[AccountKey, CheckResult], now: float
    ) -> None:
        """End every rejection whose number is known to be as approved again.

        Raises:
            StoreError: if the store cannot be written; the next call tries again.
        """
        for number, rejection in list(self.standing()):
            if is_taken_back(rejection, results.get(number[:2]), number[2]):
                ended = msgspec.structs.replace(rejection, ended_at=now)
                await self._put(number, (*self._by_number[number][:-1], ended))

    async def _put(self, number: NumberAt, rejections: tuple[Rejection, ...]) -> None:
        newest = rejections[-MOST_REJECTIONS:]
        page = msgspec.msgpack.encode(_Stored(number, newest))
        await self._database.put(f"{PAGE_PREFIX}{'/'.join(number)}", page)
        self._by_number[number] = newest


def is_taken_back(rejection: Rejection, result: CheckResult | None, number: str) -> bool:
    """Whether the rejected sections were compared again and are as approved.

    What is unknown is not taken back.
    """
    if result is None:
        return False
    sections = set(rejection.sections)
    is_known = sections.issubset(result.drift_known(number))
    return is_known and sections.isdisjoint(result.drift_sections(number))


def _decode(name: str, content: bytes) -> _Stored:
    try:
        return msgspec.msgpack.decode(content, type=_Stored)
    except msgspec.MsgspecError as error:
        raise ValueError(f"the rejections {name} cannot be read: {error}") from error

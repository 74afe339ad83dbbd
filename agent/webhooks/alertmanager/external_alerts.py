"""The alerts that a source tells, kept on disk before anything is answered.

The ledger has every word that changed something; this holds the same in memory, so that a
round of tickets reads without asking the disk and a repeat writes nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
import structlog
from sqlalchemy import and_, bindparam, delete, insert, select

from agent.model import Alert
from agent.store.database import Database
from agent.store.schema import external_alerts
from agent.store.uninterrupted import uninterrupted
from agent.webhooks.alertmanager.record import Outcome, Record, Standing, Trust, merge
from agent.webhooks.alertmanager.source_alert import SourceAlert
from agent.webhooks.alertmanager.translate import Places, alert_of

log = structlog.get_logger(__name__)

REMEMBERED = 3600.0
"""Seconds an alert that is over is remembered, to know late word of it for what it is."""
MOST_ALERTS = 20_000
"""More alerts than this, over or not, are not taken in."""
_BATCH = 200
_table = external_alerts


class TooManyAlertsError(Exception):
    """The message would bring more alerts than can be kept."""


@dataclass
class Taken:
    """What one message changed."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    records: dict[str, Record] = field(default_factory=dict)
    """Those that changed, by fingerprint."""


class ExternalAlerts:
    """The alerts of one source. Make one with :meth:`open`; it is their only writer."""

    def __init__(self, database: Database, source: str, records: Mapping[str, Record]) -> None:
        self.source = source
        self._database = database
        self._records = dict(records)
        self._turn = asyncio.Lock()
        self._places: Places = {}
        self._shown: dict[str, tuple[Record, Alert]] = {}

    @classmethod
    async def open(cls, database: Database, source: str) -> "ExternalAlerts":
        """The alerts of ``source`` as the ledger has them; a damaged one is left out.

        Raises:
            StoreError: when the ledger refuses.
        """
        return cls(database, source, await _read(database, source))

    def firing(self, places: Places) -> tuple[Alert, ...]:
        """All that fire as far as the source has told, as the agent's own alerts.

        May be called in a thread, by one at a time.
        """
        known = self._shown if places == self._places else {}
        shown = {
            name: (one, _shown(known.get(name), one, places))
            for name, one in self._records.items()
            if one.counts
        }
        self._places, self._shown = places, shown
        return tuple(alert for _record, alert in shown.values())

    def standing(self) -> Mapping[str, Record]:
        """Everything that is remembered, by fingerprint; not to be changed."""
        return self._records

    def count(self) -> int:
        """How many fire as far as the source has told."""
        return sum(one.counts for one in self._records.values())

    async def take(
        self, told: Iterable[SourceAlert], trust: Callable[[SourceAlert], Trust], now: float
    ) -> Counter[Outcome]:
        """Take a source's word; when this returns, what it changed is durable.

        Raises:
            StoreError: when the ledger refuses; nothing was taken then.
            TooManyAlerts: when there would be too many; nothing was taken then.
        """
        async with self._turn:
            taken = await asyncio.to_thread(self._merged, told, trust, now)
            await self._write(taken.records, now)
            return taken.outcomes

    async def put_right(
        self, repair: Callable[[Mapping[str, Record]], Mapping[str, Record]], now: float
    ) -> Mapping[str, Record]:
        """Write what ``repair`` makes of the records; gives those it changed.

        Raises:
            StoreError: when the ledger refuses; nothing was changed then.
        """
        async with self._turn:
            changed = await asyncio.to_thread(repair, self._records)
            await self._write(changed, now)
            return changed

    def _merged(
        self, told: Iterable[SourceAlert], trust: Callable[[SourceAlert], Trust], now: float
    ) -> Taken:
        taken = Taken()
        for one in told:
            old = taken.records.get(one.fingerprint) or self._records.get(one.fingerprint)
            new, outcome = merge(old, one, trust(one), now)
            taken.outcomes[outcome] += 1
            if new is not None and new is not old:
                taken.records[one.fingerprint] = new
        if len(self._records.keys() | taken.records.keys()) > MOST_ALERTS:
            raise TooManyAlertsError(f"more than {MOST_ALERTS} alerts are told of")
        return taken

    @uninterrupted
    async def _write(self, changed: Mapping[str, Record], now: float) -> None:
        """Change the ledger, then what is remembered here: both or neither."""
        if not changed:
            return
        kept = {**self._records, **changed}
        forgotten = [name for name, one in kept.items() if _is_forgotten(one, now)]
        rows = await asyncio.to_thread(list, map(self._row, changed.values()))
        await self._commit(rows, {*changed, *forgotten})
        for name in forgotten:
            del kept[name]
        self._records = kept

    async def _commit(self, rows: list[dict[str, object]], replaced: Collection[str]) -> None:
        gone: list[dict[str, object]] = [{"which": name} for name in replaced]
        match = and_(_table.c.source == self.source, _table.c.fingerprint == bindparam("which"))
        async with self._database.transaction() as connection:
            for some in _batched(gone):
                await connection.execute(delete(_table).where(match), some)
            for some in _batched(rows):
                await connection.execute(insert(_table), some)

    def _row(self, record: Record) -> dict[str, object]:
        return {
            "source": self.source,
            "fingerprint": record.fingerprint,
            "changed_at": record.changed_at,
            "document": msgspec.json.encode(record),
        }


def _shown(known: tuple[Record, Alert] | None, record: Record, places: Places) -> Alert:
    return known[1] if known is not None and known[0] is record else alert_of(record, places)


def _batched(rows: list[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    """``rows`` in pieces short enough to be prepared without holding up the event loop."""
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]


def _is_forgotten(record: Record, now: float) -> bool:
    return record.standing is Standing.OVER and now - record.changed_at > REMEMBERED


@uninterrupted
async def _read(database: Database, source: str) -> dict[str, Record]:
    asked = select(_table.c.fingerprint, _table.c.document).where(_table.c.source == source)
    async with database.transaction() as connection:
        rows = (await connection.execute(asked)).all()
    records: dict[str, Record] = {}
    for row in rows:
        try:
            records[row.fingerprint] = msgspec.json.decode(row.document, type=Record)
        except msgspec.MsgspecError as error:
            log.error(  # noqa: TRY400 - the text says it
                "external_alert_unreadable", fingerprint=row.fingerprint, error=str(error)
            )
    return records

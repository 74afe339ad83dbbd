"""The external alerts of one source, stored in the ledger before a request is answered.

The ledger has every message that changed something; the repository holds the same in memory, so
that an evaluation of tickets reads without the disk and a repeated message writes nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog
from sqlalchemy import and_, bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.model import Alert
from agent.store.database import Database, uninterrupted
from agent.store.locks import lock_texts
from agent.store.schema import external_alerts
from agent.webhooks.alertmanager.external_alert import (
    AlertStatus,
    ExternalAlert,
    MergeOutcome,
    ResolveTrust,
    merge,
)
from agent.webhooks.alertmanager.payload import SourceAlert
from agent.webhooks.alertmanager.translate import WatchedAccounts, to_agent_alert

log = structlog.get_logger(__name__)

RETENTION = 3600.0
"""Seconds for which a resolved alert is kept, to recognize late messages about it."""
MAX_ALERTS = 20_000
"""More alerts than this, firing or resolved, are not accepted."""
_BATCH = 200


class TooManyAlertsError(Exception):
    """The message would bring more alerts than can be kept."""


@dataclass
class _MergedMessage:
    """The outcome of merging one message: counts, and the alerts that change."""

    outcomes: Counter[MergeOutcome] = field(default_factory=Counter)
    changed: dict[str, ExternalAlert] = field(default_factory=dict)
    """The alerts that change, by fingerprint."""


class ExternalAlertRepository:
    """The alerts of one source. Make one with :meth:`open`; it is their only writer."""

    def __init__(
        self, database: Database, source: str, alerts: Mapping[str, ExternalAlert]
    ) -> None:
        self.source = source
        self.database = database
        self._alerts = dict(alerts)
        self._lock = asyncio.Lock()
        self.is_shared = False
        """Whether other replicas write alerts as well."""
        self._translated_for: WatchedAccounts = {}
        self._translated: dict[str, tuple[ExternalAlert, Alert]] = {}

    @classmethod
    async def open(cls, database: Database, source: str) -> "ExternalAlertRepository":
        """The alerts of ``source`` in the ledger; one that cannot be decoded is left out.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        return cls(database, source, await _read(database, source))

    @property
    def alerts(self) -> Mapping[str, ExternalAlert]:
        """Every alert that is kept, firing or resolved, by fingerprint; not to be changed."""
        return self._alerts

    def firing(self, accounts: WatchedAccounts) -> tuple[Alert, ...]:
        """All alerts that count as firing, translated for an agent that watches ``accounts``.

        May be called in a thread, by one caller at a time. Translations are cached, because most
        alerts are the same at each evaluation.
        """
        cached = self._translated if accounts == self._translated_for else {}
        translated = {
            fingerprint: (alert, _translate(cached.get(fingerprint), alert, accounts))
            for fingerprint, alert in self._alerts.items()
            if alert.counts_as_firing
        }
        self._translated_for, self._translated = accounts, translated
        return tuple(agent_alert for _alert, agent_alert in translated.values())

    def count_firing(self) -> int:
        """How many alerts count as firing."""
        return sum(alert.counts_as_firing for alert in self._alerts.values())

    async def apply(
        self,
        reported: Iterable[SourceAlert],
        trust: Callable[[SourceAlert], ResolveTrust],
        now: float,
    ) -> Counter[MergeOutcome]:
        """Merge what the source reported; when this returns, the changes are durable.

        Raises:
            StoreError: when the ledger refuses; nothing was changed then.
            TooManyAlertsError: when there would be too many; nothing was changed then.
        """
        async with self._lock:
            if self.is_shared:
                return await self._apply_to_stored(list(reported), trust, now)
            merged = await asyncio.to_thread(self._merge, reported, trust, now)
            await self._write(merged.changed, now)
            return merged.outcomes

    async def follow(self) -> None:
        """Take over what other replicas have stored.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        if self.is_shared:
            async with self._lock:
                await self._follow()

    @uninterrupted
    async def _follow(self) -> None:
        known = {name: alert.changed_at for name, alert in self._alerts.items()}
        async with self.database.reading() as connection:
            self._alerts = await _changed_since(connection, self.source, known, self._alerts)

    @uninterrupted
    async def _apply_to_stored(
        self,
        reported: list[SourceAlert],
        trust: Callable[[SourceAlert], ResolveTrust],
        now: float,
    ) -> Counter[MergeOutcome]:
        """As :meth:`apply`, merged with what is stored at that moment, whoever has stored it."""
        async with self.database.transaction() as connection:
            await lock_texts(connection, [f"external-alerts/{self.source}"])
            known = {name: it.changed_at for name, it in self._alerts.items()}
            stored = await _changed_since(connection, self.source, known, self._alerts)
            self._alerts = stored
            merged = await asyncio.to_thread(self._merge, reported, trust, now)
            alerts = {**stored, **merged.changed}
            expired = [name for name, alert in alerts.items() if _is_expired(alert, now)]
            if merged.changed:
                rows = await asyncio.to_thread(list, map(self._row, merged.changed.values()))
                await self._replace(connection, rows, {*merged.changed, *expired})
                alerts = {name: it for name, it in alerts.items() if name not in expired}
        self._alerts = alerts
        return merged.outcomes

    async def repair(
        self,
        find_repairs: Callable[[Mapping[str, ExternalAlert]], Mapping[str, ExternalAlert]],
        now: float,
    ) -> None:
        """Store the changed alerts that ``find_repairs`` returns for all alerts.

        Raises:
            StoreError: when the ledger refuses; nothing was changed then.
        """
        async with self._lock:
            changed = await asyncio.to_thread(find_repairs, self._alerts)
            await self._write(changed, now)

    def _merge(
        self,
        reported: Iterable[SourceAlert],
        trust: Callable[[SourceAlert], ResolveTrust],
        now: float,
    ) -> _MergedMessage:
        message = _MergedMessage()
        for source_alert in reported:
            fingerprint = source_alert.fingerprint
            # A message may list an alert twice, so changes of the same message come first.
            stored = message.changed.get(fingerprint) or self._alerts.get(fingerprint)
            alert, outcome = merge(stored, source_alert, trust(source_alert), now)
            message.outcomes[outcome] += 1
            if alert is not None and alert is not stored:
                message.changed[fingerprint] = alert
        if len(self._alerts.keys() | message.changed.keys()) > MAX_ALERTS:
            raise TooManyAlertsError(f"more than {MAX_ALERTS} external alerts")
        return message

    @uninterrupted
    async def _write(self, changed: Mapping[str, ExternalAlert], now: float) -> None:
        """Change the ledger, then the memory: both or neither."""
        if not changed:
            return
        alerts = {**self._alerts, **changed}
        expired = [name for name, alert in alerts.items() if _is_expired(alert, now)]
        rows = await asyncio.to_thread(list, map(self._row, changed.values()))
        await self._commit(rows, {*changed, *expired})
        for fingerprint in expired:
            del alerts[fingerprint]
        self._alerts = alerts

    async def _commit(self, rows: list[dict[str, object]], replaced: Collection[str]) -> None:
        async with self.database.transaction() as connection:
            await self._replace(connection, rows, replaced)

    async def _replace(
        self,
        connection: AsyncConnection,
        rows: list[dict[str, object]],
        replaced: Collection[str],
    ) -> None:
        table = external_alerts
        deleted: list[dict[str, object]] = [{"which": fingerprint} for fingerprint in replaced]
        match = and_(table.c.source == self.source, table.c.fingerprint == bindparam("which"))
        for batch in _batches(deleted):
            await connection.execute(delete(table).where(match), batch)
        for batch in _batches(rows):
            await connection.execute(insert(table), batch)

    def _row(self, alert: ExternalAlert) -> dict[str, object]:
        return {
            "source": self.source,
            "fingerprint": alert.fingerprint,
            "changed_at": alert.changed_at,
            "document": msgspec.json.encode(alert),
        }


def _translate(
    cached: tuple[ExternalAlert, Alert] | None, alert: ExternalAlert, accounts: WatchedAccounts
) -> Alert:
    if cached is not None and cached[0] is alert:
        return cached[1]
    return to_agent_alert(alert, accounts)


def _batches(rows: list[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    """``rows`` in batches short enough to be prepared without holding up the event loop."""
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]


def _is_expired(alert: ExternalAlert, now: float) -> bool:
    return alert.status is AlertStatus.RESOLVED and now - alert.changed_at > RETENTION


@uninterrupted
async def _read(database: Database, source: str) -> dict[str, ExternalAlert]:
    table = external_alerts
    query = select(table.c.fingerprint, table.c.document).where(table.c.source == source)
    async with database.reading() as connection:
        rows = (await connection.execute(query)).all()
    return _decoded(rows)


async def _changed_since(
    connection: AsyncConnection,
    source: str,
    known: Mapping[str, float],
    alerts: Mapping[str, ExternalAlert],
) -> dict[str, ExternalAlert]:
    """The stored alerts; those that are as ``known`` are taken from ``alerts``."""
    table = external_alerts
    query = select(table.c.fingerprint, table.c.changed_at).where(table.c.source == source)
    stored = {row.fingerprint: row.changed_at for row in await connection.execute(query)}
    changed = [name for name, at in stored.items() if known.get(name) != at]
    found = {name: alert for name, alert in alerts.items() if name in stored}
    for start in range(0, len(changed), _BATCH):
        batch = table.c.fingerprint.in_(changed[start : start + _BATCH])
        rows = select(table.c.fingerprint, table.c.document).where(table.c.source == source, batch)
        found |= _decoded((await connection.execute(rows)).all())
    return found


def _decoded(rows: Iterable[Any]) -> dict[str, ExternalAlert]:
    alerts: dict[str, ExternalAlert] = {}
    for row in rows:
        try:
            alerts[row.fingerprint] = msgspec.json.decode(row.document, type=ExternalAlert)
        except msgspec.MsgspecError as error:
            log.error(  # noqa: TRY400 - the text says it
                "external_alert_unreadable", fingerprint=row.fingerprint, error=str(error)
            )
    return alerts

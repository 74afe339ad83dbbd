"""The states of accounts in the ledger: written where they are polled, read everywhere else."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.model import AccountKey, Snapshot
from agent.polling.breaker import BreakerReading
from agent.polling.handover import Absence, Handover
from agent.polling.pollers import FormerPoller
from agent.replicas.account_parts import (
    HANDOVER,
    SHOWN,
    STATUS,
    AccountParts,
    PollingState,
    decode_call_ids,
    decode_handover,
    encode,
    encode_handover,
    identities,
)
from agent.replicas.state_rows import (
    Part,
    StateRow,
    Version,
    database_time,
    delete_old_ids,
    put_rows,
    read_newer,
    read_parts,
    read_versions,
)
from agent.states import Capability
from agent.store.acting import acting_under
from agent.store.database import Database, uninterrupted
from agent.store.leases import TTL, account_lease
from agent.store.postgresql.moment import Moment, moment_of

log = structlog.get_logger(__name__)

WRITE_INTERVAL = 1.0
"""Seconds between two looks at what has changed."""
_LONGEST_TRANSACTION = 60.0
"""Seconds that a transaction may take from its first statement until others see it."""
_AT_ONCE = 200
"""Accounts of a transaction that writes, parts of a statement that reads."""
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class ChangedParts:
    """What was found of accounts that others poll."""

    parts: Mapping[AccountKey, Mapping[str, tuple[bytes, Version]]]
    seen: Moment
    """What could be seen then."""


@dataclass
class _Written:
    """What was written of an account that is polled here."""

    epoch: int
    revision: int = 0
    parts: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """The objects of each part, which stay alive here: another object is another part."""
    signs: tuple[Any, ...] = ()
    """What says by itself that no part has changed, and whether it was the last of this holder."""


class AccountStates:
    """Writes the states of the accounts that are polled here, and reads those of all others.

    Args:
        database: The ledger.
        state_of: What is known of an account; ``None`` where it is not polled here.
        signs_of: Another object, or another number, where anything else is known of it.
        epoch_of: The epoch of an account's lease; ``None`` where it is not held for sure.
        clock_ahead: By how many seconds the agent's clock is ahead of the database's.
    """

    def __init__(
        self,
        database: Database,
        state_of: Callable[[AccountKey], PollingState | None],
        signs_of: Callable[[AccountKey], tuple[object, ...]],
        epoch_of: Callable[[AccountKey], int | None],
        clock_ahead: Callable[[], float],
    ) -> None:
        self._database = database
        self._state_of = state_of
        self._signs_of = signs_of
        self._epoch_of = epoch_of
        self._clock_ahead = clock_ahead
        self._written: dict[AccountKey, _Written] = {}
        self._read: dict[AccountKey, AccountParts] = {}
        self._versions: dict[Part, Version] = {}
        self._seen: Moment | None = None
        # A poll that was asked for is written beside what is written each second.
        self._writing = asyncio.Lock()

    # Writing.

    async def write(self, keys: Collection[AccountKey]) -> None:
        """Write what has changed of ``keys`` since the last time.

        Raises:
            StoreError: when the ledger refuses, or a lease is not held; the next call tries again.
        """
        # Of thousands of accounts few have changed within a second.
        changed = sorted(key for key in keys if not self._is_written(key))
        states = ((key, self._state_of(key)) for key in changed)
        await self._write_all({key: it for key, it in states if it is not None}, is_last=False)

    async def write_last(self, states: Mapping[AccountKey, PollingState]) -> None:
        """Write what has changed in ``states``, of accounts that are polled here no more.

        Raises:
            StoreError: when the ledger refuses, or a lease is not held.
        """
        await self._write_all(states, is_last=True)

    async def _write_all(self, states: Mapping[AccountKey, PollingState], *, is_last: bool) -> None:
        for batch in _batches(sorted(states)):
            async with self._writing:
                changed = {}
                for key in batch:
                    parts = self._changed(key, states[key], is_last=is_last)
                    if parts:
                        changed[key] = states[key], parts
                if changed:
                    await self._write(changed, is_last=is_last)

    def forget(self, keys: Collection[AccountKey]) -> None:
        """Forget what was written of ``keys``, which others poll from now on, and read it whole."""
        for key in keys:
            self._written.pop(key, None)
            self._read.pop(key, None)

    def _is_written(self, key: AccountKey) -> bool:
        written = self._written.get(key)
        if written is None or written.epoch != self._epoch_of(key):
            return False
        return _same(written.signs, (*self._signs_of(key), False))

    def _changed(
        self, key: AccountKey, state: PollingState, *, is_last: bool
    ) -> dict[str, tuple[Any, ...]]:
        epoch = self._epoch_of(key)
        if epoch is None:
            return {}
        written = self._written.get(key)
        if written is None or written.epoch != epoch:
            written = self._written[key] = _Written(epoch)
        if _same(written.signs, (*state.signs, is_last)):
            return {}
        parts = identities(state, is_last=is_last)
        return {name: it for name, it in parts.items() if not _same(written.parts.get(name), it)}

    @uninterrupted
    async def _write(
        self, changed: Mapping[AccountKey, tuple[PollingState, dict[str, Any]]], *, is_last: bool
    ) -> None:
        ahead = self._clock_ahead()
        # Whoever loses an account forgets it, also while its state is being written.
        writing = {key: self._written[key] for key in changed}
        # Here and not in the thread: what is handed over has times of the event loop.
        handed = {key: it.export() for key, (it, parts) in changed.items() if HANDOVER in parts}
        made = _rows(changed, writing, handed, ahead, is_last=is_last)
        rows = await asyncio.to_thread(list, made)
        with acting_under(*(account_lease(*key) for key in changed)):
            async with self._database.transaction() as connection:
                await put_rows(connection, rows)
                await delete_old_ids(connection, {k: s.call_ids for k, (s, _) in changed.items()})
        for key, (state, parts) in changed.items():
            written = writing[key]
            written.revision += 1
            written.parts.update(parts)
            written.signs = (*state.signs, is_last)

    # Taking over.

    @uninterrupted
    async def take(self, keys: Sequence[AccountKey]) -> dict[AccountKey, FormerPoller]:
        """What the former pollers of ``keys`` have left; a damaged state is logged and left out.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        found: dict[AccountKey, FormerPoller] = {}
        for batch in _batches(sorted(keys)):
            async with self._database.reading() as connection:
                stored = await read_parts(connection, batch)
                now = await database_time(connection)
            for key, parts in stored.items():
                try:
                    former = await asyncio.to_thread(self._former, key, parts, now)
                except ValueError as error:
                    log.error("account_state_damaged", account="/".join(key), error=str(error))  # noqa: TRY400 - the text says it
                    continue
                if former is not None:
                    found[key] = former
        return found

    def _former(
        self, key: AccountKey, stored: Mapping[str, tuple[bytes, float]], now: float
    ) -> FormerPoller | None:
        parts = AccountParts(*key)
        for name, (value, _) in stored.items():
            parts.put(name, value)
        merged = parts.merged(self._clock_ahead())
        if merged is None or HANDOVER not in stored:
            return None
        value, written_at = stored[HANDOVER]
        handover, is_last = decode_handover(value)
        away = max(0.0, now - written_at)
        # It may have acted until its lease was over, and written up to one interval before.
        unsaved = 0.0 if is_last else min(away, TTL + WRITE_INTERVAL)
        ids = decode_call_ids({name: value for name, (value, _) in stored.items()})
        return FormerPoller(merged, handover, ids, Absence(away, unsaved))

    # Reading.

    @uninterrupted
    async def read(self, keys: Collection[AccountKey]) -> list[Snapshot]:
        """The snapshots of those of ``keys`` that have changed since the last time.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        async with self._database.reading() as connection:
            changed = await self.look(connection, frozenset(keys), await moment_of(connection))
        return await self.take_in(changed)

    async def look(
        self, connection: AsyncConnection, keys: AbstractSet[AccountKey], moment: Moment
    ) -> ChangedParts:
        """What has changed of ``keys`` since the last time, at the ``moment`` that is read."""
        parts: dict[AccountKey, dict[str, tuple[bytes, Version]]] = {}
        newer = {(key, part) for key in keys if key not in self._read for part in SHOWN}
        for (key, name), value, version in await self._newer(connection, keys, moment):
            if value is None:
                newer.add((key, name))
            elif key in self._read:
                parts.setdefault(key, {})[name] = (value, version)
        for batch in _batches(sorted(newer)):
            for (key, name), value, version in await read_versions(connection, batch):
                parts.setdefault(key, {})[name] = (value, version)
        return ChangedParts(parts, moment)

    async def take_in(self, changed: ChangedParts) -> list[Snapshot]:
        """The snapshots of what :meth:`look` has found; nothing is looked for again of it."""
        snapshots = await asyncio.to_thread(self._decode, changed.parts) if changed.parts else []
        self._seen = changed.seen
        return snapshots

    def breakers(self, key: AccountKey, now: float) -> dict[Capability, BreakerReading]:
        """The breakers of an account that another replica polls, as read last."""
        parts = self._read.get(key)
        return {} if parts is None else parts.breakers(now, self._clock_ahead())

    async def _newer(
        self, connection: AsyncConnection, keys: AbstractSet[AccountKey], moment: Moment
    ) -> list[tuple[Part, bytes | None, Version]]:
        """What is newer than what was read; the status at once, which every poll changes.

        The value of another part is ``None``: a listing is long, and may have been read already.
        """
        if self._seen is None:
            return []
        seen = self._seen if moment.includes(self._seen) else None
        rows = await read_newer(connection, self._seen.at - _LONGEST_TRANSACTION, seen, STATUS)
        return [
            (part, value, version)
            for part, value, version in rows
            if part[0] in keys and version > self._versions.get(part, (0, 0))
        ]

    def _decode(
        self, changed: Mapping[AccountKey, Mapping[str, tuple[bytes, Version]]]
    ) -> list[Snapshot]:
        snapshots = []
        for key, parts in changed.items():
            known = self._read.setdefault(key, AccountParts(*key))
            for name, (value, version) in parts.items():
                self._versions[key, name] = version
                try:
                    known.put(name, value)
                except ValueError as error:
                    log.error("account_state_damaged", account="/".join(key), error=str(error))  # noqa: TRY400 - the text says it
            merged = known.merged(self._clock_ahead())
            if merged is not None:
                snapshots.append(merged.snapshot)
        return snapshots


def _rows(
    changed: Mapping[AccountKey, tuple[PollingState, dict[str, Any]]],
    writing: Mapping[AccountKey, _Written],
    handed: Mapping[AccountKey, Handover],
    ahead: float,
    *,
    is_last: bool,
) -> Iterator[StateRow]:
    for key, (state, parts) in changed.items():
        written = writing[key]
        for name in parts:
            value = (
                encode_handover(handed[key], is_last=is_last)
                if name == HANDOVER
                else encode(name, state, ahead)
            )
            yield StateRow(*key, name, written.epoch, written.revision + 1, value)


def _same(before: tuple[Any, ...] | None, after: tuple[Any, ...]) -> bool:
    if before is None or len(before) != len(after):
        return False
    return all(
        a is b or (isinstance(a, int | float) and a == b)
        for a, b in zip(before, after, strict=True)
    )


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]

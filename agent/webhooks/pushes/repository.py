"""The pushed messages in the ledger: each is stored before it is answered, and once only."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import structlog
from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update

from agent.model import AccountKey
from agent.providers.pushed import PushedCall, PushedFact, PushedFacts
from agent.store.database import Database, uninterrupted
from agent.store.leases import database_clock
from agent.store.locks import lock_texts
from agent.store.schema import provider_pushes

log = structlog.get_logger(__name__)

CALLS_KEPT = 48 * 3600.0
"""Seconds for which messages of call records are kept: an older record is counted no more."""
STATES_KEPT = 400 * 86_400.0
"""Seconds for which messages of states are kept: some providers tell states only by pushes."""
RETRIED = 600.0
"""Seconds within which the same undated message again is the provider's next attempt."""
MOST_ROWS = 50_000
"""Messages of one account that are read at the start, the newest."""
_PRUNE_EVERY = 3600.0

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[PushedFact])


@dataclass(frozen=True, repr=False)
class Message:
    """One message.

    Args:
        identity: What a repeat of it has too.
        facts: Its facts, each with its time.
        is_undated: Whether ``identity`` is only what it is about, as neither an id nor a time tells
            it from a later message that says the same.
    """

    identity: str
    facts: PushedFacts
    is_undated: bool = False


class PushRepository:
    """The messages of all accounts in the agent's ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pruned_at = float("-inf")
        self.is_shared = False
        """Whether other replicas store messages as well."""

    @uninterrupted
    async def add(self, account: AccountKey, message: "Message", now: float) -> bool:
        """Store ``message``, which came at ``now``; returns False where it was stored before.

        Raises:
            StoreError: when the ledger refuses; nothing was stored then.
        """
        table, key = provider_pushes, dict(zip(_KEY, (*account, message.identity), strict=True))
        where = and_(*(table.c[name] == value for name, value in key.items()))
        values = {
            "calls_only": all(isinstance(it, PushedCall) for it in message.facts),
            "received_at": now,
            "stored_at": database_clock() if self.is_shared else now,
            "facts": _encoder.encode(list(message.facts)),
        }
        columns = (table.c.received_at, table.c.facts)
        async with self._database.transaction() as connection:
            if self.is_shared:
                await lock_texts(connection, ["/".join((*account, message.identity))])
            stored = (await connection.execute(select(*columns).where(where))).first()
            if stored is not None and _is_repeat(message, stored.facts, now - stored.received_at):
                return False
            if stored is not None:
                await connection.execute(update(table).where(where).values(**values))
            else:
                await connection.execute(insert(table).values(**key, **values))
            if now - self._pruned_at >= _PRUNE_EVERY or now < self._pruned_at:
                self._pruned_at = now
                await connection.execute(delete(table).where(_expired(now)))
        return True

    @uninterrupted
    async def read(self) -> dict[AccountKey, list[PushedFact]]:
        """The facts of every stored message by account, in the order in which they came.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        table = provider_pushes
        facts: dict[AccountKey, list[PushedFact]] = {}
        async with self._database.reading() as connection:
            names = select(table.c.provider, table.c.account).distinct()
            accounts = [(row.provider, row.account) for row in (await connection.execute(names))]
            for provider, account in accounts:
                newest = (
                    select(table.c.facts)
                    .where(table.c.provider == provider, table.c.account == account)
                    .order_by(table.c.received_at.desc())
                    .limit(MOST_ROWS)
                )
                rows = (await connection.execute(newest)).scalars().all()
                facts[provider, account] = decode_facts(rows[::-1])
        return facts


_KEY = ("provider", "account", "id")


def _is_repeat(message: Message, stored: bytes, age: float) -> bool:
    if not message.is_undated:
        return True
    return abs(age) < RETRIED and _undated(decode_facts([stored])) == _undated(message.facts)


def _undated(facts: PushedFacts) -> list[PushedFact]:
    return [
        it if isinstance(it, PushedCall) else msgspec.structs.replace(it, at=None) for it in facts
    ]


def _expired(now: float) -> ColumnElement[bool]:
    table = provider_pushes
    calls = and_(table.c.calls_only, table.c.received_at < now - CALLS_KEPT)
    return or_(calls, table.c.received_at < now - STATES_KEPT)


def decode_facts(rows: Sequence[bytes]) -> list[PushedFact]:
    """The facts of stored messages; one that cannot be read is logged and left out."""
    facts: list[PushedFact] = []
    for row in rows:
        try:
            facts += _decoder.decode(row)
        except msgspec.MsgspecError:
            log.error("push_unreadable")  # noqa: TRY400 - its text could hold what was pushed
    return facts

"""Polls that people ask for, made by whichever replica polls the account.

The request is a row; whoever polls the account looks for such rows each second, polls, writes what
it found where all replicas read it, and then answers in the row.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from collections.abc import Set as AbstractSet

import msgspec
import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.model import AccountKey
from agent.polling.breaker import BreakerReading
from agent.polling.requested_polls import PollAnswer, RequestedPoll, RequestedPolls
from agent.replicas.state_rows import are_of
from agent.states import Capability
from agent.store import StoreError
from agent.store.acting import acting_under
from agent.store.database import Database, uninterrupted
from agent.store.leases import account_lease, database_clock
from agent.store.schema import poll_requests

log = structlog.get_logger(__name__)

_HOLDS = 60.0
"""Seconds for which a request may still be taken up, and the longest a poll is waited for."""
_KEPT = 300.0
_LOOK_INTERVAL = 0.5
_MOST = 100
"""Requests that are taken up at once."""


PollRequest = tuple[str, AccountKey]
"""The id of a request, and the account."""


class _Answer(msgspec.Struct, frozen=True):
    answer: PollAnswer
    wait: float = 0.0


class ForwardedPolls:
    """Polls for people what is polled here, and has all else polled where it is.

    Args:
        database: The ledger.
        local: Polls what is polled here.
        owned: The accounts that are polled here.
        write: Writes the state of an account for all replicas.
        read: Reads what other replicas have written.
        breakers_elsewhere: The breakers of an account that another replica polls.
    """

    def __init__(
        self,
        database: Database,
        local: RequestedPolls,
        owned: Callable[[], AbstractSet[AccountKey]],
        write: Callable[[AccountKey], Awaitable[None]],
        read: Callable[[], Awaitable[object]],
        breakers_elsewhere: Callable[[AccountKey], Mapping[Capability, BreakerReading]],
    ) -> None:
        self._database = database
        self._local = local
        self._owned = owned
        self._write = write
        self._read = read
        self._breakers_elsewhere = breakers_elsewhere
        self._answering: dict[str, asyncio.Task[None]] = {}

    def breakers(self, provider: str, account: str) -> Mapping[Capability, BreakerReading]:
        """The breakers of an account by capability, wherever it is polled."""
        here = self._local.breakers(provider, account)
        return here or self._breakers_elsewhere((provider, account))

    async def poll(self, provider: str, account: str, patience: float) -> RequestedPoll:
        """Poll everything of an account now, and wait ``patience`` seconds for the end.

        Of a poll elsewhere the outcomes of the capabilities are not said.
        """
        result = await self._local.poll(provider, account, patience)
        if result.answer is not PollAnswer.ELSEWHERE:
            return result
        try:
            async with asyncio.timeout(patience):
                return await self._poll_elsewhere((provider, account))
        except TimeoutError:
            return RequestedPoll(PollAnswer.RUNNING)
        except StoreError as error:
            log.debug("poll_not_forwarded", error=str(error))
            return result

    async def _poll_elsewhere(self, key: AccountKey) -> RequestedPoll:
        identity = await self._ask(key)
        while (answer := await self._answer(identity)) is None:  # noqa: ASYNC110 - the ledger says it
            await asyncio.sleep(_LOOK_INTERVAL)
        # What was found is here before it is said that it was looked for.
        await self._read()
        stored = msgspec.json.decode(answer, type=_Answer)
        return RequestedPoll(stored.answer, wait=stored.wait)

    @uninterrupted
    async def _ask(self, key: AccountKey) -> str:
        identity, table = str(uuid.uuid4()), poll_requests
        old = table.c.requested_at < database_clock() - _KEPT
        row = {"id": identity, "provider": key[0], "account": key[1]}
        async with self._database.transaction() as connection:
            await connection.execute(delete(table).where(old))
            await connection.execute(insert(table).values(**row, requested_at=database_clock()))
        return identity

    @uninterrupted
    async def _answer(self, identity: str) -> bytes | None:
        table = poll_requests.c
        async with self._database.reading() as connection:
            found = await connection.execute(select(table.answer).where(table.id == identity))
            return found.scalar_one_or_none()

    def answer_all(self, requests: Collection[PollRequest]) -> None:
        """Begin to answer what :meth:`look` has found."""
        for identity, key in requests:
            if identity not in self._answering:
                task = asyncio.create_task(self._answer_one(identity, key), name="forwarded poll")
                self._answering[identity] = task
                task.add_done_callback(lambda _, it=identity: self._answering.pop(it, None))  # type: ignore[misc]

    async def stop(self) -> None:
        """Answer no more."""
        tasks = list(self._answering.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def look(self, connection: AsyncConnection) -> list[PollRequest]:
        """What is asked of accounts that are polled here."""
        owned = self._owned()
        if not owned:
            return []
        table = poll_requests.c
        waiting = table.answer.is_(None), table.requested_at > database_clock() - _HOLDS
        query = select(table.id, table.provider, table.account).where(*waiting).limit(_MOST)
        rows = (await connection.execute(query)).all()
        # Few are waiting as a rule: to name thousands of accounts costs more than to read them.
        if len(rows) == _MOST:
            rows = (await connection.execute(query.where(are_of(poll_requests, owned)))).all()
        found = [(str(row[0]), (str(row[1]), str(row[2]))) for row in rows]
        return [(identity, key) for identity, key in found if key in owned]

    async def _answer_one(self, identity: str, key: AccountKey) -> None:
        result = await self._local.poll(*key, _HOLDS)
        if result.answer is PollAnswer.ELSEWHERE:
            return  # whoever has it now answers
        try:
            await self._write(key)
            await self._store(identity, key, _Answer(result.answer, result.wait))
        except StoreError as error:
            log.debug("forwarded_poll_not_answered", error=str(error))

    @uninterrupted
    async def _store(self, identity: str, key: AccountKey, answer: _Answer) -> None:
        table = poll_requests
        row = update(table).where(table.c.id == identity)
        with acting_under(account_lease(*key)):
            async with self._database.transaction() as connection:
                await connection.execute(row.values(answer=msgspec.json.encode(answer)))

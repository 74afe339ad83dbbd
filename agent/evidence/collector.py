"""Collects evidence when a ticket opens and when its fault is over.

The work is done in a thread of its own, and one evaluation allows only so much of it: a storm of
faults must not take the processor from the rules that find them. What comes at once beyond that
waits; what even the queue cannot take is counted and logged.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from agent.config.secret import Secret
from agent.config.settings import Settings
from agent.evidence.bundle import EvidenceFile
from agent.evidence.provider_answers import answers_document
from agent.evidence.repository import EvidenceRepository
from agent.model import AccountKey
from agent.net.scrub import Redactor
from agent.polling.recorder import ResponseRecorder
from agent.polling.redaction import secrets_of
from agent.store import StoreError
from agent.tickets.ticket import Ticket
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

MAX_QUEUED = 500
"""Collections that wait; evidence of what opens beyond is dropped, counted and logged."""
MAX_PER_EVALUATION = 20
"""Collections that one evaluation allows."""
MAX_SECONDS = 0.5
"""Seconds of processor time after which the rest waits for the next evaluation."""
RETENTION_CHECK_SECONDS = 86_400.0
_MAX_MEMBERS = 50
_MAX_ACCOUNTS = 5
_MAX_EXAMPLES = 5

SeriesOf = Callable[[str], bytes]
"""Returns the series of a number as they are now, as JSON; slow, so it is called in a thread."""


@dataclass(frozen=True)
class _Collection:
    """Evidence to collect: the moment's name, which is its folder, and the ticket then."""

    moment: str
    ticket: Ticket


class EvidenceCollector:
    """Watches tickets open and recover, and collects their evidence in the background.

    Args:
        repository: Where evidence is stored.
        recorder: The recorded answers of the providers.
        series_of: The series of a number.
        settings: The configuration in force.
        clock: Epoch seconds.
        retention: The time by which evidence grows old (:mod:`agent.store.retention`).
        telemetry: Counts what is queued and what is dropped.
    """

    def __init__(
        self,
        repository: EvidenceRepository,
        recorder: ResponseRecorder,
        series_of: SeriesOf,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
        retention: Callable[[], Awaitable[float]],
        telemetry: Telemetry,
    ) -> None:
        self._repository = repository
        self._recorder = recorder
        self._series_of = series_of
        self._settings = settings
        self._clock = clock
        self._retention = retention
        self._previous: Mapping[str, Ticket] | None = None
        self._retention_checked_at = -RETENTION_CHECK_SECONDS
        self._telemetry = telemetry
        self._queue: deque[_Collection] = deque()
        self._evaluated = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def observe(self, open_tickets: Sequence[Ticket]) -> None:
        """Queue the collections that follow from what changed since the last evaluation.

        Returns at once, and lets :meth:`run` do the share of one evaluation.
        """
        current = {ticket.id: ticket for ticket in open_tickets}
        previous, self._previous = self._previous, current
        # The first call after a start has nothing to compare with: nothing is new then.
        if previous is not None and self._settings().evidence.enabled:
            self._enqueue(_collections(previous, current))
        self._idle.clear()
        self._evaluated.set()

    async def idle(self) -> None:
        """Wait until the share of the last evaluation is done."""
        await self._idle.wait()

    async def run(self) -> None:
        """Collect queued evidence until cancelled; a failure is logged and stops nothing."""
        # Not the loop's own worker thread, in which the rules are evaluated.
        thread = ThreadPoolExecutor(1, thread_name_prefix="evidence")
        try:
            while True:
                await self._evaluated.wait()
                self._evaluated.clear()
                await self._collect_share(thread)
                await self._delete_expired()
                if not self._evaluated.is_set():
                    self._idle.set()
        finally:
            thread.shutdown(wait=False, cancel_futures=True)
            self._drop(list(self._queue), "the agent stops")
            self._queue.clear()
            self._idle.set()

    def _enqueue(self, collections: Sequence[_Collection]) -> None:
        room = max(0, MAX_QUEUED - len(self._queue))
        self._queue.extend(collections[:room])
        self._telemetry.evidence_queued.set(len(self._queue))
        self._drop(collections[room:], f"{MAX_QUEUED} wait already")

    def _drop(self, collections: Sequence[_Collection], reason: str) -> None:
        if collections:
            self._telemetry.evidence_dropped.inc(len(collections))
            examples = [it.ticket.id for it in collections[:_MAX_EXAMPLES]]
            log.warning(
                "evidence_dropped", tickets=len(collections), examples=examples, reason=reason
            )

    async def _collect_share(self, thread: ThreadPoolExecutor) -> None:
        """Collect as much as one evaluation allows, one ticket at least."""
        used = 0.0
        for _ in range(MAX_PER_EVALUATION):
            if not self._queue or used >= MAX_SECONDS:
                break
            collection = self._queue.popleft()
            try:
                used += await self._collect(collection, thread)
            except asyncio.CancelledError:
                self._queue.appendleft(collection)
                raise
            except StoreError as error:
                self._drop([collection], str(error))
            except Exception:
                log.exception("evidence_not_kept", ticket=collection.ticket.id)
                self._telemetry.evidence_dropped.inc()
        self._telemetry.evidence_queued.set(len(self._queue))

    async def _collect(self, collection: _Collection, thread: ThreadPoolExecutor) -> float:
        """Collect and store; returns the seconds of processor time that it took."""
        loop = asyncio.get_running_loop()
        files, seconds = await loop.run_in_executor(thread, self._measured, collection)
        await self._repository.add(collection.ticket.id, files)
        return seconds

    def _measured(self, collection: _Collection) -> tuple[list[EvidenceFile], float]:
        begun = time.thread_time()
        return self._make_files(collection), time.thread_time() - begun

    def _make_files(self, collection: _Collection) -> list[EvidenceFile]:
        ticket, at = collection.ticket, self._clock()
        files = []
        for account in self._accounts(ticket):
            name = f"{collection.moment}/answers-{'-'.join(account)}.json"
            files.append(EvidenceFile(name, at, self._answers(ticket, account)))
        if ticket.subject.number:
            content = self._series_of(ticket.subject.number)
            files.append(EvidenceFile(f"{collection.moment}/series.json", at, content))
        return files

    def _accounts(self, ticket: Ticket) -> list[AccountKey]:
        """The accounts that the ticket is about; for a whole provider, that provider's."""
        members = ticket.members[:_MAX_MEMBERS]
        subjects = (ticket.subject, *(member.subject for member in members))
        accounts = [(subject.provider, subject.account) for subject in subjects if subject.account]
        if not accounts and ticket.subject.provider:
            accounts = [
                (provider.name, account.id)
                for provider in self._settings().providers
                for account in provider.accounts
                if provider.name == ticket.subject.provider
            ]
        return list(dict.fromkeys(accounts))[:_MAX_ACCOUNTS]

    def _answers(self, ticket: Ticket, key: AccountKey) -> bytes:
        credentials = [
            secret
            for provider in self._settings().providers
            for account in provider.accounts
            if (provider.name, account.id) == key
            for secret in secrets_of(provider, account)
        ]
        redact = Redactor((*credentials, *map(Secret, self._recorder.tokens(key))))
        answers, failures = self._recorder.answers(key), self._recorder.failures(key)
        return answers_document(ticket, answers, failures, redact)

    async def _delete_expired(self) -> None:
        at = time.monotonic()
        if at - self._retention_checked_at < RETENTION_CHECK_SECONDS:
            return
        self._retention_checked_at = at
        try:
            before = await self._retention() - self._settings().evidence.keep
            count = await self._repository.delete_before(before)
        except StoreError as error:
            log.error("evidence_not_swept", error=str(error))  # noqa: TRY400 - the text says it
        else:
            if count:
                log.info("evidence_deleted", parts=count)


def _collections(
    previous: Mapping[str, Ticket], current: Mapping[str, Ticket]
) -> list[_Collection]:
    """The tickets that opened, recovered, or closed without recovery since ``previous``."""
    opened = [
        _Collection("onset", ticket) for key, ticket in current.items() if key not in previous
    ]
    recovered = [
        _Collection("recovery", ticket)
        for key, ticket in current.items()
        if key in previous and ticket.restored_at and not previous[key].restored_at
    ]
    closed = [
        _Collection("recovery", ticket)
        for key, ticket in previous.items()
        if key not in current and not ticket.restored_at
    ]
    return [*opened, *recovered, *closed]

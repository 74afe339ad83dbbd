"""Collects evidence when a ticket opens and when its fault is over."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from agent.config.settings import Settings
from agent.evidence.bundle import EvidenceFile
from agent.evidence.provider_answers import answers_document
from agent.evidence.repository import EvidenceRepository
from agent.model import AccountKey
from agent.net.scrub import Redactor
from agent.polling.recorder import ResponseRecorder
from agent.store import StoreError
from agent.tickets.ticket import Ticket

log = structlog.get_logger(__name__)

MAX_QUEUED = 500
MAX_PER_EVALUATION = 20
"""Tickets whose evidence one evaluation queues; in a storm the parent's stands for the others."""
RETENTION_CHECK_SECONDS = 86_400.0
_MAX_MEMBERS = 50
_MAX_ACCOUNTS = 5

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
    """

    def __init__(
        self,
        repository: EvidenceRepository,
        recorder: ResponseRecorder,
        series_of: SeriesOf,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
        retention: Callable[[], Awaitable[float]],
    ) -> None:
        self._repository = repository
        self._recorder = recorder
        self._series_of = series_of
        self._settings = settings
        self._clock = clock
        self._retention = retention
        self._previous: Mapping[str, Ticket] | None = None
        self._retention_checked_at = -RETENTION_CHECK_SECONDS
        self._queue: asyncio.Queue[_Collection] = asyncio.Queue(MAX_QUEUED)

    def observe(self, open_tickets: Sequence[Ticket]) -> None:
        """Queue the collections that follow from what changed since the last evaluation.

        Returns at once; when the queue is full, the evidence of further tickets is dropped.
        """
        current = {ticket.id: ticket for ticket in open_tickets}
        previous, self._previous = self._previous, current
        # The first call after a start has nothing to compare with: nothing is new then.
        if previous is None or not self._settings().evidence.enabled:
            return
        for collection in _collections(previous, current)[:MAX_PER_EVALUATION]:
            if self._queue.full():
                break
            self._queue.put_nowait(collection)

    async def run(self) -> None:
        """Collect queued evidence until cancelled; a failure is logged and stops nothing."""
        while True:
            try:
                async with asyncio.timeout(RETENTION_CHECK_SECONDS):
                    collection = await self._queue.get()
                await self._collect(collection)
            except TimeoutError:
                pass
            except Exception:
                log.exception("evidence_not_kept")
            await self._delete_expired()

    async def _collect(self, collection: _Collection) -> None:
        files = await asyncio.to_thread(self._make_files, collection)
        await self._repository.add(collection.ticket.id, files)

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
        redact = Redactor(
            secret
            for provider in self._settings().providers
            for account in provider.accounts
            if (provider.name, account.id) == key
            for secret in account.credentials.values()
        )
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

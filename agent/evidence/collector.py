"""Takes evidence when a ticket opens and when its fault is over."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from agent.config.settings import Settings
from agent.evidence.answers import answers_document
from agent.evidence.part import Part
from agent.evidence.repository import EvidenceRepository
from agent.net.scrub import Redactor
from agent.polling.recorder import ResponseRecorder
from agent.store.errors import StoreError
from agent.tickets.ticket import Ticket

log = structlog.get_logger(__name__)

MOST_WAITING = 500
MOST_A_ROUND = 20
"""Tickets of which evidence is taken in one round; a storm's others are told by their parent."""
SWEEP_SECONDS = 86_400.0

Samples = Callable[[str], bytes]
"""The series of a number as they are now, as JSON; may take a while, so it runs in a thread."""


@dataclass(frozen=True)
class _Moment:
    name: str
    ticket: Ticket


class Collector:
    """Watches tickets come and go.

    Args:
        shelf: Where evidence is kept.
        recorder: The answers of the providers.
        samples: The series of a number.
        settings: The configuration in force.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        shelf: EvidenceRepository,
        recorder: ResponseRecorder,
        samples: Samples,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
    ) -> None:
        self._shelf = shelf
        self._recorder = recorder
        self._samples = samples
        self._settings = settings
        self._clock = clock
        self._known: Mapping[str, Ticket] | None = None
        self._swept_at = 0.0
        self._waiting: asyncio.Queue[_Moment] = asyncio.Queue(MOST_WAITING)

    def note(self, standing: Sequence[Ticket]) -> None:
        """See what changed since the round before; the evidence is taken beside the rounds."""
        now = {ticket.id: ticket for ticket in standing}
        before, self._known = self._known, now
        if before is None or not self._settings().evidence.enabled:
            return
        moments = _moments(before, now)
        for moment in moments[:MOST_A_ROUND]:
            if self._waiting.full():
                break
            self._waiting.put_nowait(moment)

    async def run(self) -> None:
        """Take evidence until cancelled; what fails is logged and costs nothing else."""
        while True:
            try:
                async with asyncio.timeout(SWEEP_SECONDS):
                    moment = await self._waiting.get()
                await self._take(moment)
            except TimeoutError:
                pass
            except Exception:
                log.exception("evidence_not_kept")
            await self._sweep()

    async def _take(self, moment: _Moment) -> None:
        parts = await asyncio.to_thread(self._parts, moment)
        await self._shelf.put(moment.ticket.id, parts)

    def _parts(self, moment: _Moment) -> list[Part]:
        ticket, at = moment.ticket, self._clock()
        parts = []
        for provider, account in self._accounts(ticket):
            name = f"{moment.name}/answers-{provider}-{account}.json"
            parts.append(Part(name, at, self._answers(ticket, provider, account)))
        if ticket.subject.number:
            content = self._samples(ticket.subject.number)
            parts.append(Part(f"{moment.name}/series.json", at, content))
        return parts

    def _accounts(self, ticket: Ticket) -> list[tuple[str, str]]:
        subjects = (ticket.subject, *(member.subject for member in ticket.members[:50]))
        named = [(each.provider, each.account) for each in subjects if each.account]
        if not named and ticket.subject.provider:
            named = [
                (provider.name, account.id)
                for provider in self._settings().providers
                for account in provider.accounts
                if provider.name == ticket.subject.provider
            ]
        return list(dict.fromkeys(named))[:5]

    def _answers(self, ticket: Ticket, provider: str, account: str) -> bytes:
        key = provider, account
        redact = Redactor(
            secret
            for each in self._settings().providers
            if each.name == provider
            for one in each.accounts
            if one.id == account
            for secret in one.credentials.values()
        )
        seen, failed = self._recorder.answers(key), self._recorder.failures(key)
        return answers_document(ticket, seen, failed, redact)

    async def _sweep(self) -> None:
        now = self._clock()
        if now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        try:
            gone = await self._shelf.forget_before(now - self._settings().evidence.keep)
        except StoreError as error:
            log.error("evidence_not_swept", error=str(error))  # noqa: TRY400 - the text says it
        else:
            if gone:
                log.info("evidence_deleted", parts=gone)


def _moments(before: Mapping[str, Ticket], now: Mapping[str, Ticket]) -> list[_Moment]:
    """Which tickets opened, and which faults are over or tickets gone, since the round before."""
    opened = [_Moment("onset", ticket) for key, ticket in now.items() if key not in before]
    over = [
        _Moment("recovery", ticket)
        for key, ticket in now.items()
        if key in before and ticket.restored_at and not before[key].restored_at
    ]
    closed = [
        _Moment("recovery", ticket)
        for key, ticket in before.items()
        if key not in now and not ticket.restored_at
    ]
    return [*opened, *over, *closed]

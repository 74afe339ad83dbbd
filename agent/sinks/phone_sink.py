"""A sink that tells people by phone: one message to each receiver about a step of a ticket.

Who was told is written down before and after each message, so that a repeated delivery goes only
to those who were not. A message whose answer was lost is looked for before it is sent again, where
the provider can be asked; elsewhere a repeat may come twice, with the same ticket in it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from agent.config.notification import NotificationSettings, Receiver
from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import (
    RemoteState,
    RemoteStatus,
    RetryPolicy,
    SinkError,
    SinkFailure,
    per_minute,
)
from agent.sinks.customer_letter import part_for, receiver_of, receivers_of
from agent.sinks.delivery import Delivery, decode
from agent.sinks.notifications import Notification, Notifications
from agent.sinks.phone_api import Attempt, NotificationState, PhoneApi, ReceiverError
from agent.sinks.receipts import next_check, report_failure
from agent.sinks.registry import SinkContext
from agent.sinks.short_text import short_texts
from agent.states import Severity
from agent.tickets.changes import CLOSED, RESOLVED
from agent.tickets.outbox.rows import Row

_UNKNOWN = RemoteStatus(RemoteState.UNKNOWN, detail="messages to people cannot be queried")
_ENDS: Final = frozenset({RESOLVED, CLOSED})
"""What those who were told of a ticket are told besides, where only the ladder tells people."""
_SEVERITIES: Final = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
"""The least grave first."""


class PhoneSink:
    """Tells every receiver of its section, each in their own language.

    Raises:
        ValueError: without a ledger, in which it is written who was told.
    """

    def __init__(
        self,
        settings: SinkSettings,
        section: NotificationSettings,
        api: PhoneApi,
        context: SinkContext,
    ) -> None:
        if context.links is None:
            raise ValueError(f"sink {settings.name}: kind {settings.kind} needs the ledger")
        self.name = settings.name
        self.retry_policy: RetryPolicy = settings
        self.rate_limits = per_minute(settings.rate, api.rate_limits)
        self._section = section
        self._search_lag = settings.search_lag
        self._api = api
        self._writer = context.writer
        self._count = context.notified
        self._find_contact = context.find_contact
        self._notifications = Notifications(context.links.database)

    async def close(self) -> None:
        """Close every connection."""
        await self._api.close()

    async def look_up(self, ticket_id: str) -> RemoteStatus:  # noqa: ARG002 - the protocol's
        """Returns UNKNOWN: nobody can be asked what people did with a message."""
        return _UNKNOWN

    async def deliver(self, row: Row, now: float) -> None:
        """Tell every receiver who was not told yet.

        Raises:
            SinkError: when somebody is still to be told, or nobody ever will be.
        """
        delivery = await decode(row)
        receivers = await self._receivers(delivery)
        known = await self._notifications.of_delivery(self.name, row.webhook_id)
        failures: list[ReceiverError] = []
        for receiver in receivers:
            before = known.get(receiver.name)
            if before is not None and before.is_over:
                if before.state is NotificationState.FAILED:
                    failures.append(_refused_before(before))
                continue
            try:
                await self._tell(receiver, row, delivery, before, now)
            except ReceiverError as error:
                failures.append(error)
        raise_for_receivers(failures, len(receivers))

    async def _receivers(self, delivery: Delivery) -> Sequence[Receiver]:
        """Who is told of a change: the person it is for, or everybody, or those told before.

        Raises:
            SinkError: when it is for somebody whom the section does not have.
        """
        everybody = self._section.receivers
        if delivery.customers:
            contacts = await receivers_of(delivery, self._find_contact)
            if not contacts:
                text = "no inventory has the contacts of this letter any more"
                raise SinkError(SinkFailure.RECEIVER, text, permanent=True)
            return contacts
        if delivery.receiver:
            named = [it for it in everybody if it.name == delivery.receiver]
            if not named:
                text = f"{delivery.receiver} is no receiver of this sink"
                raise SinkError(SinkFailure.RECEIVER, text, permanent=True)
            return named
        if not is_told(delivery, self._section):
            return ()
        if not self._section.on_call_only:
            return everybody
        if delivery.kind not in _ENDS:
            return ()
        sent = await self._notifications.of_ticket(delivery.id)
        names = {it.receiver for it in sent if it.sink == self.name}
        return [it for it in everybody if it.name in names]

    async def check_receipts(self, now: float) -> Sequence[Notification]:
        """Ask for the receipts that are due; returns the messages whose state became known.

        Raises:
            SinkError: when the provider does not answer.
            StoreError: when the ledger cannot be read or written.
        """
        phones = {receiver.name: receiver for receiver in self._section.receivers}
        settled: list[Notification] = []
        for sent in await self._notifications.due_for_receipt(self.name, now):
            try:
                receiver = phones.get(sent.receiver) or await self._contact(sent.receiver)
                after = await self._checked(sent, receiver, now)
            except SinkError:
                # This one waits, so that it does not stand before the others for ever.
                await self._notifications.write(self._postponed(sent, now))
                raise
            await self._notifications.write(after)
            if after.state is not NotificationState.ACCEPTED:
                settled.append(after)
        return settled

    async def _contact(self, name: str) -> Receiver | None:
        contact = await self._find_contact(name)
        return None if contact is None or not contact.phone else receiver_of(contact)

    async def _checked(
        self, sent: Notification, receiver: Receiver | None, now: float
    ) -> Notification:
        """``sent`` after the provider was asked for its receipt once more."""
        if receiver is not None:
            receipt = await self._api.receipt(_attempt(receiver, sent))
            if receipt.state is not NotificationState.ACCEPTED:
                return _settled(sent, receipt.state, receipt.detail, now)
        if receiver is None:
            return _settled(sent, NotificationState.UNKNOWN, "no receipt", now)
        return self._postponed(sent, now)

    def _postponed(self, sent: Notification, now: float) -> Notification:
        """``sent``, to be asked for again later; unknown where that was tried long enough."""
        if now - sent.attempted_at >= self._section.receipts_for:
            return _settled(sent, NotificationState.UNKNOWN, "no receipt", now)
        checks = sent.checks + 1
        return msgspec.structs.replace(sent, checks=checks, next_check_at=now + next_check(checks))

    async def _tell(
        self,
        receiver: Receiver,
        row: Row,
        delivery: Delivery,
        before: Notification | None,
        now: float,
    ) -> None:
        own = part_for(delivery, receiver.name)
        texts = short_texts(own, self._writer.in_language(receiver.locale))
        message = before or _new(self.name, row, receiver, now)
        attempt = msgspec.structs.replace(_attempt(receiver, message), texts=texts)
        is_uncertain = message.state is NotificationState.SENDING
        if is_uncertain and (reference := await self._find(attempt, now)):
            await self._record(_accepted(message, reference, now))
            return
        intent = msgspec.structs.replace(
            message, state=NotificationState.SENDING, attempted_at=now, detail=""
        )
        await self._notifications.write(intent)
        try:
            reference = await self._api.send(msgspec.structs.replace(attempt, at=now))
        except SinkError as error:
            await self._record(_after_failure(intent, error, now))
            raise
        await self._record(_accepted(intent, reference, now))

    async def _record(self, message: Notification) -> None:
        """Write what became of an attempt, and report what nobody will try again."""
        await self._notifications.write(message)
        if message.is_over:
            self._count(self.name, message.state.value)
        if message.state is NotificationState.FAILED:
            report_failure(message)

    async def _find(self, attempt: Attempt, now: float) -> str:
        """The id of a message whose answer was lost; empty where it was never accepted."""
        if not self._api.can_find:
            return ""
        if reference := await self._api.find(attempt):
            return reference
        remaining = attempt.at + self._search_lag - now
        if 0 < remaining <= self._search_lag:
            text = "whether the message was accepted will show in the provider's records"
            raise SinkError(SinkFailure.UNCERTAIN, text, retry_after=remaining, ambiguous=True)
        return ""


def is_told(delivery: Delivery, section: NotificationSettings) -> bool:
    """Whether anybody is told of this change."""
    event = delivery.kind.rpartition(".")[2]
    severity = str(delivery.ticket.get("severity") or Severity.CRITICAL)
    known = severity in Severity.__members__.values()
    # A severity nobody knows is told: unknown is not harmless.
    is_grave = not known or _rank(Severity(severity)) >= _rank(section.severity)
    return event in section.events and is_grave


def _rank(severity: Severity) -> int:
    return _SEVERITIES.index(severity)


def raise_for_receivers(failures: Sequence[SinkError], receivers: int) -> None:
    """Do nothing where nobody is left to be told, and at least one person was.

    Raises:
        SinkError: the failure that is over first, where somebody can still be told; the last one
            where every receiver refused for good.
    """
    passing = [failure for failure in failures if not failure.permanent]
    if passing:
        raise min(passing, key=lambda failure: failure.retry_after or 0.0)
    if failures and len(failures) == receivers:
        raise failures[-1]


def _attempt(receiver: Receiver, message: Notification) -> Attempt:
    return Attempt(
        receiver, message.delivery, message.event, {}, message.attempted_at, message.reference
    )


def _new(sink: str, row: Row, receiver: Receiver, now: float) -> Notification:
    return Notification(
        sink=sink,
        delivery=row.webhook_id,
        receiver=receiver.name,
        ticket_id=row.ticket_id,
        event=row.type.rpartition(".")[2],
        state=NotificationState.WAITING,
        reference="",
        attempted_at=now,
        settled_at=None,
        next_check_at=None,
        checks=0,
        detail="",
    )


def _accepted(message: Notification, reference: str, now: float) -> Notification:
    return msgspec.structs.replace(
        message,
        state=NotificationState.ACCEPTED,
        reference=reference,
        next_check_at=now + next_check(0),
    )


def _after_failure(message: Notification, error: SinkError, now: float) -> Notification:
    """The message after an attempt that failed: lost for good, uncertain, or to be tried again."""
    if isinstance(error, ReceiverError) and error.permanent:
        return _settled(message, NotificationState.FAILED, error.detail, now)
    state = NotificationState.SENDING if error.ambiguous else NotificationState.WAITING
    return msgspec.structs.replace(message, state=state, detail=error.detail)


def _settled(
    message: Notification, state: NotificationState, detail: str, now: float
) -> Notification:
    return msgspec.structs.replace(
        message, state=state, detail=detail, settled_at=now, next_check_at=None
    )


def _refused_before(message: Notification) -> ReceiverError:
    return ReceiverError(SinkFailure.RECEIVER, message.detail, permanent=True)

"""The interface of what reaches people by phone: SMS and calls, their refusals and receipts."""

from collections.abc import Mapping, Sequence
from enum import StrEnum, unique
from typing import Protocol

import msgspec

from agent.config.notification import Receiver, TextField
from agent.sinks.base import RateLimit, SinkError, SinkFailure

_CODE_LENGTH = 80


@unique
class NotificationState(StrEnum):
    """How far a message to one receiver has come."""

    WAITING = "waiting"
    """Not accepted yet; it is tried again."""
    SENDING = "sending"
    """Given to the provider; whether it was accepted is not known."""
    ACCEPTED = "accepted"
    """Accepted by the provider; whether it arrived is not known yet."""
    DELIVERED = "delivered"
    """Arrived, as the provider's receipt says."""
    FAILED = "failed"
    """It will not arrive: refused for good, or the receipt says so."""
    UNKNOWN = "unknown"
    """Accepted, and no receipt ever said whether it arrived."""


class Receipt(msgspec.Struct, frozen=True):
    """What the provider says about an accepted message."""

    state: NotificationState
    """``ACCEPTED`` while there is no receipt."""
    detail: str = ""
    """The provider's own code for it."""


NO_RECEIPT = Receipt(NotificationState.ACCEPTED)
"""The provider has no receipt yet."""


class Attempt(msgspec.Struct, frozen=True):
    """One message to one receiver."""

    receiver: Receiver
    delivery: str
    """The delivery's id, the same in every attempt."""
    event: str
    """``opened`` and so on."""
    texts: Mapping[TextField, str]
    """What variables can be filled with, in the receiver's language."""
    at: float
    """When the newest attempt was made, epoch seconds."""
    reference: str = ""
    """The provider's id of the accepted message."""


class PhoneApi(Protocol):
    """The API of one provider of messages or calls."""

    rate_limits: tuple[RateLimit, ...]
    can_find: bool
    """Whether :meth:`find` can tell that a message was never accepted."""

    async def send(self, attempt: Attempt) -> str:
        """Give the message to the provider; returns the provider's id of it.

        Raises:
            ReceiverError: when it was not accepted for a reason of this receiver's.
            SinkError: when it was not accepted for another reason, or when that is not known.
        """

    async def find(self, attempt: Attempt) -> str:
        """The provider's id of a message whose answer was lost; empty where it has none.

        Raises:
            SinkError: when the provider does not say.
        """

    async def receipt(self, attempt: Attempt) -> Receipt:
        """What the provider knows of an accepted message.

        Raises:
            SinkError: when the provider does not say.
        """

    async def close(self) -> None:
        """Close every connection."""


class Refusal(msgspec.Struct, frozen=True):
    """The meaning of a provider's error code for a message."""

    reason: SinkFailure
    of_receiver: bool = False
    """Whether it concerns this receiver alone: the others are still told."""
    permanent: bool = False
    hold: bool = False
    """Whether the account or the template has to be put right first; everything waits."""
    wait: float | None = None
    """Seconds for which the provider accepts nothing, or nothing for this receiver."""
    ambiguous: bool = False
    """Whether it may have been accepted all the same."""

    def error(self, provider: str, code: str) -> SinkError:
        """The failure of an attempt that ``provider`` refused with ``code``."""
        kind = ReceiverError if self.of_receiver else SinkError
        return kind(
            self.reason,
            f"{provider} refused with {code[:_CODE_LENGTH] or 'no code'}",
            permanent=self.permanent,
            retry_after=self.wait,
            hold=self.hold,
            ambiguous=self.ambiguous,
        )


class ReceiverError(SinkError):
    """A message was refused for a reason of its receiver's; others may be accepted."""


UNKNOWN_REFUSAL = Refusal(SinkFailure.API_ERROR)
"""A code that no table has: it is tried again until the sink gives up."""
TEMPLATE_REFUSED = Refusal(SinkFailure.TEMPLATE, hold=True)
BALANCE_GONE = Refusal(SinkFailure.BALANCE, hold=True)
KEY_REFUSED = Refusal(SinkFailure.AUTH, hold=True)
TEXT_REFUSED = Refusal(SinkFailure.API_ERROR, permanent=True)
RECEIVER_REFUSED = Refusal(SinkFailure.RECEIVER, of_receiver=True, permanent=True)


def throttled(seconds: float, *, of_receiver: bool = False) -> Refusal:
    """Too many messages, to this receiver or at all; another attempt after ``seconds``."""
    return Refusal(SinkFailure.RATE_LIMITED, of_receiver=of_receiver, wait=seconds)


def meaning_of(code: str, table: Sequence[tuple[str, Refusal]]) -> Refusal:
    """The meaning of ``code``: that of the first entry it begins with."""
    return next((it for beginning, it in table if code.startswith(beginning)), UNKNOWN_REFUSAL)

"""Callbacks: reads and verifies what ticket systems post when people work on a ticket.

Some systems sign the body with a header of their own; any other system signs as Standard
Webhooks asks and posts the body of :func:`read_standard` (docs/reference/ticketing.md §5).
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Any

import msgspec

from agent.config.secret import Secret
from agent.config.sinks import Callback as CallbackSettings
from agent.config.sinks import Sink
from agent.net.scrub import scrub
from agent.net.webhook_signature import SignatureError, check_headers, verify
from agent.states import Stage

_HMAC_HEADER = "X-Hub-Signature"
_MAX_TEXT = 200
_MAX_CLOCK_SKEW = 300.0
"""Seconds by which a system's clock may be ahead of ours."""


class Callback(msgspec.Struct, frozen=True):
    """One change that somebody made to a ticket in a ticket system."""

    remote: str
    """The id or reference of the ticket there; empty if the system names our id."""
    ticket_id: str
    """Our id; empty if the system names its own."""
    at: float
    """When the change was made there, epoch seconds."""
    actor: str
    statuses: tuple[str, ...]
    """The state in the system's own words, the most specific first."""
    resolution: str = ""
    provider_ticket: str = ""
    sink: str = ""
    """The name of the sink."""
    message: str = ""
    """The id of the message: the same id again changes nothing."""
    stage: Stage | None = None
    """The stage that the state stands for; ``None`` if it stands for none."""

    @property
    def status(self) -> str:
        """The state in the system's own words."""
        return self.statuses[0]


@unique
class CallbackOutcome(StrEnum):
    """The effect of a callback."""

    APPLIED = "taken"
    REPEATED = "repeated"
    LATE = "late"
    """A newer change was received before, or the ticket was opened after this one."""
    NO_EFFECT = "nothing"
    """The state stands for no stage, or the ticket is in that stage already."""
    REFUSED = "refused"
    """The ticket's stage does not allow it."""
    UNKNOWN = "unknown"
    """No ticket of ours has that id there."""


class InvalidCallbackError(ValueError):
    """The body is not what the system posts; the text says what is wrong."""


Read = Callable[[dict[str, Any]], Callback | None]
"""Reads a body; ``None`` if it reports something else than a state. May raise any LookupError,
TypeError, AttributeError, ValueError or OverflowError for a malformed one."""


@dataclass(frozen=True)
class SignatureScheme:
    """How a kind of ticket system signs what it posts."""

    check_headers: Callable[[Mapping[str, str], float], None]
    """Raises SignatureError where no body can make a request with these headers a signed one at
    that time."""
    verify: Callable[[Mapping[str, str], bytes, Sequence[Secret], float], str]
    """The id of a message that one of the secrets signed, from its headers and body at a time;
    raises SignatureError if none did."""


STANDARD_WEBHOOKS = SignatureScheme(check_headers, verify)


def callback(
    remote: object, ticket: object, at: float, actor: object, statuses: Sequence[str]
) -> Callback:
    """A callback with its texts scrubbed.

    Raises:
        ValueError: when it names no ticket.
    """
    remote_id, ticket_id = (scrub(str(it or ""), _MAX_TEXT) for it in (remote, ticket))
    if not remote_id and not ticket_id:
        raise ValueError("the ticket")
    words = tuple(scrub(word, 100) for status in statuses for word in status.split("\n"))
    return Callback(remote_id, ticket_id, at, scrub(str(actor or ""), 60), words)


def timestamp(value: object) -> float:
    """Epoch seconds of an ISO 8601 time.

    Raises:
        ValueError: when it is none, or has no zone.
    """
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("a time with its zone")
    return moment.timestamp()


def read_standard(body: dict[str, Any]) -> Callback:
    """Read ``{"timestamp", "data": {"ticket" or "remote", "status", "resolution", "actor"}}``."""
    data = body["data"]
    change = callback(
        data.get("remote"),
        data.get("ticket"),
        timestamp(body["timestamp"]),
        data.get("actor"),
        [str(data["status"])],
    )
    return msgspec.structs.replace(
        change,
        resolution=str(data.get("resolution") or ""),
        provider_ticket=scrub(str(data.get("provider_ticket") or ""), _MAX_TEXT),
    )


def body_hmac(name: str, digest: Callable[..., Any]) -> SignatureScheme:
    """The scheme of the header ``X-Hub-Signature: NAME=HEX`` over the body alone."""
    shape = re.compile(rf"{name}=[0-9a-f]{{{2 * digest().digest_size}}}")

    def check_header(headers: Mapping[str, str], _now: float) -> None:
        if not shape.fullmatch(headers.get(_HMAC_HEADER, "")):
            raise SignatureError(f"{_HMAC_HEADER} is missing or not {name}= and hexadecimal digits")

    def verify_body(
        headers: Mapping[str, str], body: bytes, secrets: Sequence[Secret], _now: float
    ) -> str:
        received = headers.get(_HMAC_HEADER, "").encode("ascii", "replace")
        expected = [
            f"{name}={hmac.new(secret.reveal().encode(), body, digest).hexdigest()}".encode()
            for secret in secrets
        ]
        # Compare with all of them, so that the time taken does not show which one was near.
        matches = [hmac.compare_digest(received, signature) for signature in expected]
        if not any(matches):
            raise SignatureError(f"{_HMAC_HEADER} does not fit the body and the secret")
        # The system's own message ids are not signed, so the signed body is its own id.
        return hashlib.sha256(body).hexdigest()

    return SignatureScheme(check_header, verify_body)


@dataclass(frozen=True)
class CallbackFormat:
    """How one kind of ticket system posts callbacks."""

    stages: Mapping[str, Stage]
    """The stage that each of the system's usual states stands for."""
    read: Read = read_standard
    signature: SignatureScheme = STANDARD_WEBHOOKS

    def verify(
        self, settings: CallbackSettings, headers: Mapping[str, str], body: bytes, now: float
    ) -> str:
        """The id of a message that one of the section's secrets signed.

        Raises:
            SignatureError: when none of them did.
        """
        secrets = [it for it in (settings.secret, settings.former_secret) if it is not None]
        return self.signature.verify(headers, body, secrets, now)

    def read_change(
        self, sink: Sink, settings: CallbackSettings, message: str, body: bytes, now: float
    ) -> Callback | None:
        """Read the verified message of the id ``message``; ``None`` if it reports no state.

        Raises:
            InvalidCallbackError: when it cannot be read.
        """
        change = self._read(body)
        if change is None:
            return None
        if change.at > now + _MAX_CLOCK_SKEW:
            raise InvalidCallbackError("its time is in the future")
        return msgspec.structs.replace(
            change,
            sink=sink.name,
            message=message,
            actor=change.actor or sink.name,
            stage=self._stage(settings, change),
        )

    def _read(self, body: bytes) -> Callback | None:
        try:
            return self.read(msgspec.json.decode(body, type=dict[str, Any]))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            text = f"the body is no JSON object: {scrub(str(error))}"
            raise InvalidCallbackError(text) from None
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            text = f"the body lacks {scrub(str(error), 60)} or has it wrong"
            raise InvalidCallbackError(text) from None

    def _stage(self, settings: CallbackSettings, change: Callback) -> Stage | None:
        """The stage of the first word that stands for one; the section's words go first."""
        own = {word.casefold(): stage for word, stage in settings.stages.items()}
        for word in change.statuses:
            stage = own.get(word.casefold()) or self.stages.get(word.casefold())
            if stage is not None:
                return stage
        return None

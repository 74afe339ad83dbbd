"""Reads the SIP messages of one call: what was signalled, and what is needed to end it.

The text comes from the network: it is read with bounds, and nothing of it is shown as it came.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from agent.masking import mask_text
from agent.probing.engine.protocol import Sip
from agent.probing.observation import Ended, Signalling

_STATUS: Final = re.compile(r"SIP/2\.0 ([1-6][0-9]{2}) ?(.*)")
_CAUSE: Final = re.compile(r"Q\.850\s*;.*?cause\s*=\s*([0-9]{1,3})", re.IGNORECASE)
_CAUSE_TEXT: Final = re.compile(r'text\s*=\s*"([^"]{0,80})"', re.IGNORECASE)
_HOST: Final = re.compile(
    r"sips?:(?:[^@>]*@)?"
    r"(\[[0-9A-Fa-f:.]+\]|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|(?=[^:;>?]*[A-Za-z])[A-Za-z0-9.-]{1,253})"
    r"(?=[:;>?]|$)"
)
"""The host of an address. Digits alone are none: they are whoever the call went to."""
_TAG: Final = re.compile(r";\s*tag\s*=\s*([^;\s]+)", re.IGNORECASE)
_OK: Final = 200
CHALLENGES: Final = frozenset({401, 407})
"""Responses that ask for a password."""
_PROGRESS: Final = frozenset({180, 181, 182, 183})
MOST_MESSAGES: Final = 200
"""Messages of one call that are recorded; what becomes of it is followed beyond them."""
_LONGEST_PHRASE: Final = 80
_MOST_HEADERS: Final = 100
_LONGEST_HEADER: Final = 1000
"""Characters of a header's value that are read: what is searched in it takes time."""
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_CONTROL: Final = dict.fromkeys((*range(32), 127), " ")
_COMPACT: Final = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact"}
"""Short names of headers (RFC 3261 §7.3.3), of those that are read here."""


@dataclass(frozen=True)
class Message:
    """One SIP message."""

    start: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case."""
    body: str

    def all(self, name: str) -> list[str]:
        """The values of a header."""
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str:
        """The first value of a header; empty where there is none."""
        return next(iter(self.all(name)), "")

    @property
    def status(self) -> int:
        """The status of a response; 0 for a request."""
        match = _STATUS.fullmatch(self.start)
        return int(match[1]) if match else 0

    @property
    def method(self) -> str:
        """The method of a request, or of the request that a response answers."""
        cseq = self.header("cseq").split()
        return cseq[-1].upper() if cseq else ""


def read_message(text: str) -> Message:
    """A message; what cannot be read of it is left out.

    Whatever ends a line anywhere ends it here too, so that no value holds the end of one.
    """
    head, _, body = _LINE_END.sub("\n", text).partition("\n\n")
    start, *lines = head.split("\n", _MOST_HEADERS + 1)
    headers: list[tuple[str, str]] = []
    for line in lines[:_MOST_HEADERS]:
        if line[:1] in {" ", "\t"} and headers:
            name, value = headers.pop()
            headers.append((name, f"{value} {_value(line)}"[:_LONGEST_HEADER]))
            continue
        name, colon, value = line.partition(":")
        key = name.strip().lower()
        if colon:
            headers.append((_COMPACT.get(key, key), _value(value)))
    return Message(start.translate(_CONTROL), tuple(headers), body)


def _value(text: str) -> str:
    return text.translate(_CONTROL).strip()[:_LONGEST_HEADER]


@dataclass(frozen=True)
class Dialog:
    """How far a call has come, and where its messages go."""

    local: str = ""
    """``HOST:PORT`` of our end."""
    remote: str = ""
    invite: Message | None = None
    """The last INVITE that was sent."""
    answer: Message | None = None
    """The 2xx that answered it."""
    is_over: bool = False


@dataclass
class CallTrace:
    """The messages of one call, as they come."""

    signalling: Signalling = field(default_factory=Signalling)
    dialog: Dialog = field(default_factory=Dialog)
    messages: list[Sip] = field(default_factory=list)

    def add(self, event: Sip) -> None:
        """Take in one message; those that are not of this call are recorded only."""
        if len(self.messages) < MOST_MESSAGES:
            self.messages.append(event)
        message = read_message(event.text)
        invite = self.dialog.invite
        if invite is None and not (event.sent and message.start.startswith("INVITE ")):
            return
        if invite is not None and message.header("call-id") != invite.header("call-id"):
            # Anybody may send something to our port.
            return
        if message.status:
            if message.method == "INVITE" and not event.sent:
                self._respond(message, event.at)
            elif message.method == "BYE" and is_end(message.status):
                self.dialog = replace(self.dialog, is_over=True)
        elif event.sent and message.start.startswith("INVITE "):
            if self.dialog.answer is None:
                # After an answer it only renews the same dialog.
                self.dialog = Dialog(event.local, event.remote, message)
        elif message.start.startswith("BYE "):
            self._bye(message, sent=event.sent)

    def _respond(self, message: Message, at: float) -> None:
        status, signalling = message.status, self.signalling
        if status < _OK:
            seen = signalling.provisional
            provisional = seen if status in seen else (*seen, status)
            setup = signalling.setup
            if status in _PROGRESS and setup is None:
                setup = at
            self.signalling = replace(signalling, provisional=provisional, setup=setup)
        elif status < 300:  # noqa: PLR2004 - RFC 3261 §7.2
            if signalling.answered is None:
                setup = at if signalling.setup is None else signalling.setup
                self.signalling = replace(signalling, status=status, answered=at, setup=setup)
            self.dialog = replace(self.dialog, answer=message)
        elif status not in CHALLENGES and self.dialog.answer is None:
            self._refuse(message)

    def _refuse(self, message: Message) -> None:
        match = _STATUS.fullmatch(message.start)
        moved = 300 <= message.status < 400  # noqa: PLR2004 - RFC 3261 §7.2
        host = _HOST.search(message.header("contact")) if moved else None
        self.signalling = replace(
            self._with_cause(message),
            status=message.status,
            phrase=printable(mask_text(match[2])) if match else "",
            redirected_to=host[1] if host else "",
        )
        self.dialog = replace(self.dialog, is_over=True)

    def _bye(self, message: Message, *, sent: bool) -> None:
        self.dialog = replace(self.dialog, is_over=self.dialog.is_over or not sent)
        if not sent:
            self.signalling = self._with_cause(message)

    def _with_cause(self, message: Message) -> Signalling:
        for value in message.all("reason"):
            match = _CAUSE.search(value)
            if match is not None:
                text = _CAUSE_TEXT.search(value)
                shown = printable(mask_text(text[1])) if text else ""
                return replace(self.signalling, cause=int(match[1]), cause_text=shown)
        return self.signalling


def ended(trace: CallTrace, *, by_us: bool, at: float) -> Signalling:
    """What was signalled in a call that ended at ``at``."""
    by = Ended.CALLER if by_us else Ended.NETWORK
    return replace(trace.signalling, ended=by, duration=at)


def is_end(status: int) -> bool:
    """Whether this response to a BYE ends the call: done, or there is none (RFC 3261 §15.1.1)."""
    return _OK <= status < 300 or status in {404, 408, 481}  # noqa: PLR2004 - RFC 3261 §7.2


def tag_of(value: str) -> str:
    """The tag of a From or To header; empty where there is none."""
    match = _TAG.search(value.rpartition(">")[2])
    return match[1] if match else ""


def address_in(value: str) -> str:
    """The URI in a header's value."""
    _, opened, rest = value.partition("<")
    inner, closed, _ = rest.partition(">")
    return (inner if opened and closed else value.partition(";")[0]).strip()


def route_set(answer: Message) -> Sequence[str]:
    """The routes of a dialog, by the answer that made it (RFC 3261 §12.1.2)."""
    return tuple(reversed([one for value in answer.all("record-route") for one in _split(value)]))


def _split(value: str) -> list[str]:
    return [part.strip() for part in re.split(r",(?=\s*<)", value)]


def printable(text: str, longest: int = _LONGEST_PHRASE) -> str:
    """Text from outside that can be shown, at most ``longest`` characters of it."""
    return "".join(char if char.isprintable() else " " for char in text[:longest]).strip()

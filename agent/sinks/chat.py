"""A chat: messages about tickets, many in one where many change at once.

Nothing there can be looked up, so a message that may have been taken is sent again; it carries
the ticket's id, and a repeat says nothing new.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from agent.config.sinks import Bot as BotSettings
from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import Pace, SinkError, SinkFailure, Window
from agent.sinks.context import SinkContext
from agent.sinks.delivery import Delivery, read
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.remote_ticket import RemoteState, RemoteTicket
from agent.sinks.text_limits import ELLIPSIS, cut_bytes
from agent.tickets.changes import UPDATED
from agent.tickets.outbox.outbox import RANKS, Row

_UNKNOWN = RemoteTicket(RemoteState.UNKNOWN, detail="a chat cannot be asked")


class Message(msgspec.Struct, frozen=True):
    """One request to a bot."""

    path: str
    body: object
    params: dict[str, str] = {}


class Verdict(msgspec.Struct, frozen=True):
    """What a bot's error code means."""

    reason: SinkFailure
    hold: bool = False
    permanent: bool = False
    wait: float | None = None


class Bot(Protocol):
    """One kind of group bot."""

    windows: tuple[Window, ...]
    limit: int
    """Bytes of text a message may have."""

    def message(self, title: str, lines: Sequence[str], now: float) -> Message:
        """The request that sends this text, signed as of ``now``."""

    def classify_answer(self, answer: object) -> tuple[int, Verdict | None]:
        """The error code in an HTTP 200 answer and its meaning; ``None`` for success."""


class ChatSink:
    """Tells a group of people."""

    def __init__(self, settings: SinkSettings, bot: Bot, around: SinkContext) -> None:
        assert settings.bot is not None
        self.name = settings.name
        self.pace: Pace = settings
        self.windows: Sequence[Window] = (
            (Window(settings.rate, 60.0),) if settings.rate else bot.windows
        )
        self._settings: BotSettings = settings.bot
        self.digest_from = settings.bot.digest_from
        self._bot = bot
        self._writer = around.writer
        self._wire = SinkHttpClient(settings, around.clock)

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

    async def look_up(self, ticket_id: str) -> RemoteTicket:  # noqa: ARG002 - the protocol's
        """Not known: a chat cannot be asked."""
        return _UNKNOWN

    async def deliver(self, row: Row, now: float) -> None:
        """Tell of one change.

        Raises:
            SinkError: when it was not taken, or when that is not known.
        """
        await self.deliver_together([row], now)

    async def deliver_together(self, rows: Sequence[Row], now: float) -> None:
        """Tell of every ticket in one message, the most important first.

        Raises:
            SinkError: when it was not taken, or when that is not known.
        """
        told = _newest([await read(row) for row in rows])
        title, lines = self._digest(told) if len(told) > 1 else self._writer.message(told[0])
        if self._settings.keyword:
            title = f"{self._settings.keyword} {title}"
        title = cut_bytes(title, self._bot.limit // 4)
        fitting = fit(lines, self._bot.limit - size(title))
        await self._send(self._bot.message(title, fitting, now))

    def _digest(self, told: Sequence[Delivery]) -> tuple[str, list[str]]:
        ordered = sorted(told, key=lambda one: (RANKS.get(one.kind, 2), one.at))
        return self._writer.digest(len(told)), [
            f"{self._writer.headline(one)} ({one.id})" for one in ordered
        ]

    async def _send(self, message: Message) -> None:
        reply = await self._wire.ask("POST", message.path, json=message.body, params=message.params)
        self._raise_for_answer(self._wire.require_success(reply))

    def _raise_for_answer(self, reply: Reply) -> None:
        if not isinstance(reply.json, dict):
            raise SinkError(SinkFailure.PROTOCOL, "the answer is not JSON", ambiguous=True)
        code, verdict = self._bot.classify_answer(reply.json)
        if verdict is not None:
            raise SinkError(
                verdict.reason,
                f"the bot answered with error {code}",
                permanent=verdict.permanent,
                hold=verdict.hold,
                retry_after=verdict.wait,
            )


def meaning(code: object, table: dict[int, Verdict]) -> tuple[int, Verdict | None]:
    """What an error code means; one that is not in ``table`` is tried again."""
    if not isinstance(code, int) or isinstance(code, bool):
        return -1, Verdict(SinkFailure.PROTOCOL)
    return code, None if code == 0 else table.get(code, Verdict(SinkFailure.API_ERROR))


def _newest(told: Sequence[Delivery]) -> list[Delivery]:
    """Each ticket's newest state, called by the last thing that happened besides updates."""
    newest: dict[str, Delivery] = {}
    for one in told:
        before = newest.pop(one.id, None)
        kind = before.kind if before is not None and one.kind == UPDATED else one.kind
        newest[one.id] = msgspec.structs.replace(one, kind=kind)
    return list(newest.values())


def size(text: str) -> int:
    """Bytes of ``text`` as it is sent, a line break included."""
    return len(msgspec.json.encode(text))


def fit(lines: Sequence[str], room: int) -> list[str]:
    """As many lines as ``room`` bytes hold, the last of them cut; ``…`` where more are left."""
    fitting: list[str] = []
    for index, line in enumerate(lines):
        left = room - (size(ELLIPSIS) if index < len(lines) - 1 else 0)
        if size(line) > left:
            fitting.append(_shortened(line, room))
            break
        fitting.append(line)
        room -= size(line)
    return fitting


def _shortened(line: str, room: int) -> str:
    text = cut_bytes(line, max(room - size(""), 0))
    while text and size(text) > room:
        text = cut_bytes(text, len(text.encode()) * 9 // 10 - 1)
    return text

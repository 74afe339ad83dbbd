"""A sink for a group chat: messages about tickets, one about many if many change at once.

A chat cannot be queried, so a message that may have been accepted is sent again; it carries the
ticket's id, and a repeat says nothing new.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from agent.config.sink_configuration import Bot as BotSettings
from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import (
    RateLimit,
    RemoteState,
    RemoteStatus,
    RetryPolicy,
    SinkError,
    SinkFailure,
    per_minute,
)
from agent.sinks.delivery import Delivery, decode
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.registry import SinkContext
from agent.sinks.text_limits import ELLIPSIS, cut_bytes
from agent.tickets.changes import UPDATED
from agent.tickets.outbox.notice_kinds import REPORT
from agent.tickets.outbox.rows import RANKS, Row

_UNKNOWN = RemoteStatus(RemoteState.UNKNOWN, detail="a chat cannot be queried")


class Message(msgspec.Struct, frozen=True):
    """One request to a bot."""

    path: str
    body: object
    params: dict[str, str] = {}


class BotError(msgspec.Struct, frozen=True):
    """The meaning of a bot's error code for a delivery."""

    reason: SinkFailure
    hold: bool = False
    permanent: bool = False
    wait: float | None = None
    """Seconds for which the bot accepts nothing."""


class Bot(Protocol):
    """The API of one kind of group bot."""

    rate_limits: tuple[RateLimit, ...]
    max_bytes: int
    """The longest text of a message, in bytes as it is sent."""

    def message(self, title: str, lines: Sequence[str], now: float) -> Message:
        """The request that sends this text, signed as of ``now``."""

    def error_of(self, answer: dict[str, object]) -> tuple[int, BotError | None]:
        """The code in an HTTP 200 answer and its meaning; ``None`` for success."""


class ChatSink:
    """Sends messages to a group through a bot."""

    def __init__(self, settings: SinkSettings, bot: Bot, context: SinkContext) -> None:
        self.name = settings.name
        self.retry_policy: RetryPolicy = settings
        self.rate_limits = per_minute(settings.rate, bot.rate_limits)
        section = settings.section(BotSettings)
        self.digest_from = section.digest_from
        self._keyword = section.keyword
        self._bot = bot
        self._writer = context.writer
        self._client = SinkHttpClient(settings, context.clock)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def look_up(self, ticket_id: str) -> RemoteStatus:  # noqa: ARG002 - the protocol's
        """Returns UNKNOWN: a chat cannot be queried."""
        return _UNKNOWN

    async def deliver(self, row: Row, now: float) -> None:
        """Send a message about one change.

        Raises:
            SinkError: when it was not accepted, or when that is not known.
        """
        await self.deliver_together([row], now)

    async def deliver_together(self, rows: Sequence[Row], now: float) -> None:
        """Send one message about every ticket of ``rows``, the most important first, or a report.

        Raises:
            SinkError: when it was not accepted, or when that is not known.
        """
        decoded = [await decode(row) for row in rows]
        if decoded[0].kind == REPORT:
            # It comes alone, and in words already: those of its schedule's language.
            report = decoded[0].ticket
            await self._write(str(report["title"]), list(map(str, report["lines"])), now)
            return
        for letter in (it for it in decoded if it.customers):
            # Nobody else says which customers are to be told: it stands in no digest.
            await self._write(*self._writer.message(letter), now)
        changes = _newest([it for it in decoded if not it.customers])
        if not changes:
            return
        title, lines = (
            self._digest(changes) if len(changes) > 1 else self._writer.message(changes[0])
        )
        await self._write(title, lines, now)

    async def _write(self, title: str, lines: Sequence[str], now: float) -> None:
        title, lines = (
            self._writer.without_links(title),
            list(map(self._writer.without_links, lines)),
        )
        if self._keyword:
            title = f"{self._keyword} {title}"
        title = cut_bytes(title, self._bot.max_bytes // 4)
        fitting = fit(lines, self._bot.max_bytes - size(title))
        await self._send(self._bot.message(title, fitting, now))

    def _digest(self, changes: Sequence[Delivery]) -> tuple[str, list[str]]:
        ordered = sorted(changes, key=lambda change: (RANKS.get(change.kind, 2), change.at))
        lines = [f"{self._writer.headline(change)} ({change.id})" for change in ordered]
        return self._writer.digest(len(changes)), lines

    async def _send(self, message: Message) -> None:
        reply = await self._client.request(
            "POST", message.path, json=message.body, params=message.params
        )
        self._raise_for_answer(self._client.require_success(reply))

    def _raise_for_answer(self, reply: Reply) -> None:
        answer = reply.json
        if not isinstance(answer, dict):
            raise SinkError(SinkFailure.PROTOCOL, "the answer is not JSON", ambiguous=True)
        code, error = self._bot.error_of(answer)
        if error is not None:
            raise SinkError(
                error.reason,
                f"the bot answered with error {code}",
                permanent=error.permanent,
                hold=error.hold,
                retry_after=error.wait,
            )


def look_up_code(code: object, errors: dict[int, BotError]) -> tuple[int, BotError | None]:
    """An error code and its meaning; a code that is not in ``errors`` is tried again."""
    if not isinstance(code, int) or isinstance(code, bool):
        return -1, BotError(SinkFailure.PROTOCOL)
    return code, None if code == 0 else errors.get(code, BotError(SinkFailure.API_ERROR))


def _newest(changes: Sequence[Delivery]) -> list[Delivery]:
    """Each ticket's newest change, with the last kind of change that was not a mere update."""
    newest: dict[str, Delivery] = {}
    for change in changes:
        before = newest.pop(change.id, None)
        kind = before.kind if before is not None and change.kind == UPDATED else change.kind
        newest[change.id] = msgspec.structs.replace(change, kind=kind)
    return list(newest.values())


def size(text: str) -> int:
    """Bytes of ``text`` in JSON; its two quotes stand for the line break after it."""
    return len(msgspec.json.encode(text))


def fit(lines: Sequence[str], available: int) -> list[str]:
    """The first lines that fit into ``available`` bytes; the last one is cut to end in ``…``."""
    fitting: list[str] = []
    for index, line in enumerate(lines):
        # Unless this is the last line, an ellipsis must still fit behind it.
        reserved = size(ELLIPSIS) if index < len(lines) - 1 else 0
        if size(line) > available - reserved:
            fitting.append(_shorten(line, available))
            break
        fitting.append(line)
        available -= size(line)
    return fitting


def _shorten(line: str, available: int) -> str:
    text = cut_bytes(line, max(available - size(""), 0))
    # Quotes and backslashes take two bytes in JSON: how much to cut shows only when it is encoded.
    while text and size(text) > available:
        text = cut_bytes(text, len(text.encode()) * 9 // 10 - 1)
    return text

"""Large answers that their clients are still reading: how much memory they may take together.

A query has its budget, and ends; its answer stays until the client has read it. Clients that ask
and do not read would otherwise fill the memory with answers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

import structlog
from aiohttp import web

from agent.web.prometheus.errors import ErrorType, QueryApiError

log = structlog.get_logger(__name__)

MOST_BYTES: Final = 64 * 1024 * 1024
"""Bytes of all large answers that are being read."""
STALLED_SECONDS: Final = 30.0
"""How long a client may take for one part of an answer."""
_PATIENCE: Final = 1.0
"""Seconds that an answer has waited for its reader before it makes way for another."""
_TOO_MANY: Final = "too many large answers are being read: ask for less, or again later"


class UnreadAnswer:
    """A large answer that is being sent.

    Args:
        client: Who reads it.
        size: Its bytes.
        drop: Ends the connection, and with it the answer.
    """

    def __init__(self, client: str, size: int, drop: Callable[[], None]) -> None:
        self.client = client
        self.size = size
        self.drop = drop
        self.read_at = monotonic()
        """When the client had read the last part, in monotonic seconds."""

    def note_read(self) -> None:
        """Note that the client has read a further part."""
        self.read_at = monotonic()


class UnreadAnswers:
    """The large answers that are being sent; use it inside the event loop only.

    One client has half of the space at most, or one answer. Where there is no space, the answer
    that has waited longest for its reader makes way, and otherwise the new one is refused.

    Args:
        most: The most bytes of all together; a single answer may be larger.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._answers: list[UnreadAnswer] = []

    @property
    def size(self) -> int:
        """Bytes of all answers together."""
        return sum(answer.size for answer in self._answers)

    @contextmanager
    def hold(self, client: str, size: int, drop: Callable[[], None]) -> Iterator[UnreadAnswer]:
        """Count an answer of ``size`` bytes within the block.

        Raises:
            QueryApiError: when there is no space for it.
        """
        self._make_space(client, size)
        answer = UnreadAnswer(client, size, drop)
        self._answers.append(answer)
        try:
            yield answer
        finally:
            if answer in self._answers:
                self._answers.remove(answer)

    def _make_space(self, client: str, size: int) -> None:
        while rivals := self._rivals(client, size):
            waiting = min(rivals, key=lambda answer: answer.read_at)
            if monotonic() - waiting.read_at < _PATIENCE:
                raise QueryApiError(_TOO_MANY, ErrorType.UNAVAILABLE)
            log.warning("unread_answer_dropped", client=waiting.client, bytes=waiting.size)
            self._answers.remove(waiting)
            waiting.drop()

    def _rivals(self, client: str, size: int) -> list[UnreadAnswer]:
        """The answers that leave no space for one of ``size`` bytes to ``client``."""
        own = [answer for answer in self._answers if answer.client == client]
        if own and sum(answer.size for answer in own) + size > self._most // 2:
            return own
        return self._answers if self.size + size > self._most else []


UNREAD_ANSWERS: web.AppKey[UnreadAnswers] = web.AppKey("unread_answers", UnreadAnswers)

"""The log of the world's events, for pages, terminals and tests."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from itertools import count

import msgspec

_CAPACITY = 10_000


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event. ``at`` is in world seconds, ``time`` is the wall time in ISO 8601."""

    seq: int
    at: float
    time: str
    kind: str
    """``world``, ``set``, ``state``, ``money``, ``fault_began``, ``fault_ended``, ``complaint``,
    ``ticket``."""
    text: str
    provider: str = ""
    account: str = ""
    number: str = ""
    values: Mapping[str, str] = {}
    """The parts of the text by name, for who tells it in another language."""


def mask(phone: str) -> str:
    """A phone number with its middle hidden: ``13800000001`` as ``138****0001``."""
    if not phone:
        return ""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) > 7 else "****"  # noqa: PLR2004 - 3 + 4


class EventLog:
    """The newest 10,000 events; each new event also goes to every follower."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=_CAPACITY)
        self._seq = count(1)
        self.followers: set[asyncio.Queue[Event]] = set()
        """The queue of every :meth:`follow` under way."""

    def add(
        self,
        at: float,
        time: str,
        kind: str,
        text: str,
        values: Mapping[str, str] | None = None,
        **where: str,
    ) -> None:
        """Add an event; ``where`` may name provider, account and number."""
        event = Event(next(self._seq), round(at, 3), time, kind, text, **where, values=values or {})
        self._events.append(event)
        for follower in self.followers:
            follower.put_nowait(event)

    def after(self, seq: int = 0) -> list[Event]:
        """The stored events with a sequence number above ``seq``, oldest first."""
        return [event for event in self._events if event.seq > seq]

    async def follow(self) -> AsyncIterator[Event]:
        """Yield every stored event, then every new one as it is added, without end."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        for event in self._events:
            queue.put_nowait(event)
        self.followers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self.followers.discard(queue)

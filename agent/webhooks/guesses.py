"""Limits how many wrong credentials are compared: of one peer, and of all peers together.

The limit is applied before credentials are compared. A delay of the answer alone would limit
nothing: whoever guesses takes an answer that is late for a wrong one, and goes on.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import structlog

from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

MOST_OF_A_PEER = 10
"""Wrong credentials of one peer that are compared at once."""
PEER_RATE = 1.0
"""Further ones of it a second."""
MOST_IN_ALL = 100
"""Wrong credentials of all peers that are compared at once."""
TOTAL_RATE = 5.0
"""Further ones of all peers a second."""
_MOST_PEERS = 1024
_LOG_SECONDS = 60.0


@dataclass
class _Level:
    """A count that falls by itself with time."""

    rate: float
    count: float = 0.0
    at: float = 0.0

    def read(self, now: float) -> float:
        self.count = max(0.0, self.count - self.rate * (now - self.at))
        self.at = now
        return self.count

    def add(self, change: float, now: float) -> None:
        self.count = max(0.0, self.read(now) + change)


@dataclass
class _Peer:
    level: _Level
    last: bytes = b""
    """The digest of its last wrong credentials."""
    logged_at: float = float("-inf")
    limited_at: float = float("-inf")


class GuessLimiter:
    """Counts wrong credentials and says from which peers no more are compared for now.

    While peers together have reached the limit of all, credentials are compared only for peers
    that have proven theirs before, so that those go on working.

    Args:
        telemetry: Counts wrong credentials.
        clock: Monotonic seconds.
    """

    def __init__(
        self, telemetry: Telemetry | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._telemetry = telemetry
        self._clock = clock
        self._total = _Level(TOTAL_RATE)
        # Both in the order of their last use; the oldest are forgotten.
        self._peers: OrderedDict[str, _Peer] = OrderedDict()
        self._proven: OrderedDict[str, None] = OrderedDict()

    def is_limited(self, peer: str) -> bool:
        """Whether credentials of ``peer`` must not be compared now."""
        now = self._clock()
        known = self._peers.get(peer)
        limited = known is not None and known.level.read(now) > MOST_OF_A_PEER - 1
        if not limited and peer not in self._proven:
            limited = self._total.read(now) > MOST_IN_ALL - 1
        if limited and (known is None or now - known.limited_at >= _LOG_SECONDS):
            known = self._entry(peer)
            known.limited_at = now
            log.warning("credentials_limited", peer=peer)
        return limited

    def count_wrong(self, peer: str, credentials: str, path: str, *, repeats: bool = True) -> None:
        """Count wrong ``credentials`` that ``peer`` has sent to ``path``.

        Without ``repeats`` the same ones as last time are no further guess: a proxy that asks for
        a password of its own may send that on with every request.
        """
        entry, digest = self._entry(peer), sha256(credentials.encode("utf-8", "replace")).digest()
        if not repeats and digest == entry.last:
            return
        entry.last = digest
        now = self._clock()
        entry.level.add(1, now)
        self._total.add(1, now)
        if self._telemetry is not None:
            self._telemetry.token_failures.inc()
        if now - entry.logged_at >= _LOG_SECONDS:
            # A line a minute and peer: whoever guesses must not fill the log.
            entry.logged_at = now
            log.warning("credentials_refused", peer=peer, path=path[:100])

    def count_right(self, peer: str) -> None:
        """Remember that ``peer`` has presented right credentials."""
        self._proven[peer] = None
        self._proven.move_to_end(peer)
        if len(self._proven) > _MOST_PEERS:
            self._proven.popitem(last=False)

    def _entry(self, peer: str) -> _Peer:
        entry = self._peers.setdefault(peer, _Peer(_Level(PEER_RATE)))
        self._peers.move_to_end(peer)
        if len(self._peers) > _MOST_PEERS:
            self._peers.popitem(last=False)
        return entry

"""How old a server's answers are by their own headers: a cache may serve yesterday's.

``Age`` is the time an answer has lain in caches (RFC 9111 §5.1). ``Date`` is when it was made, by
the server's clock, and the server's clock may be wrong, and so may ours. So ``Date`` is compared
with the server's own earlier ones, in monotonic time:

- while ``Date`` goes on as time passes, the answers are made when they are asked for, however far
  it is from our clock (that is the skew, which the alert ProviderClockSkew reports);
- an answer whose ``Date`` is before the time at which the server's clock stood when it was asked
  for was made earlier, and is so much older;
- a server whose clock was set back by a while looks that much older. It is believed once its
  ``Date`` has gone on for as long, at most an hour: it then is past all it said before.

Only the first answers have nothing to be compared with but our own clock. If they are behind it,
they count as old until ``Date`` has gone on for a minute: it may be our clock that is ahead.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.net.retry_after import parse_http_date

TOLERANCE = 5.0
"""Seconds that ``Date`` may lag behind: it has no fractions, and clocks drift a little."""
LONGEST_DOUBT = 3600.0
"""Seconds after which a server whose clock was set back is believed at the latest."""
FIRST_DOUBT = 60.0
"""The same for a server that never was in step with our clock."""

_AGE = re.compile(r"\d{1,10}", re.ASCII)


@dataclass
class _SteadyClock:
    """A clock that answers have agreed on since a time of ours (monotonic seconds)."""

    offset: float
    """The server's time minus our monotonic time, at least."""
    since: float


class AnswerAges:
    """The ages of one server's answers."""

    def __init__(self) -> None:
        self._offset: float | None = None
        """The server's time minus our monotonic time, at least; ``None`` before any ``Date``."""
        self._seen_in_step = False
        """Whether an answer was in step with :attr:`_offset`, which else is that of our clock."""
        self._other: _SteadyClock | None = None
        """The clock of answers that look old: the server's own, if it was set back."""

    def age(
        self, headers: Mapping[str, str], requested_at: float, received_at: float, now: float
    ) -> float:
        """Seconds by which the answer was made before it was requested; 0 within the tolerance.

        Both times are monotonic seconds; ``now`` is the epoch, by our clock, at ``received_at``.
        """
        text = headers.get("Age", "").strip()
        in_caches = float(text) if _AGE.fullmatch(text) else 0.0
        made_at = parse_http_date(headers.get("Date"))
        if made_at is None:
            behind = 0.0
        else:
            behind = self._behind(made_at, made_at - received_at, requested_at, now - received_at)
        age = max(in_caches, behind)
        return age if age > TOLERANCE else 0.0

    def _behind(self, made_at: float, offset: float, requested_at: float, ours: float) -> float:
        """How far ``made_at`` is behind the server's clock at ``requested_at``.

        ``offset`` is at most the server's true one, for an answer is made before it is received;
        ``ours`` is that of our own clock.
        """
        if self._offset is None:
            self._offset = max(offset, ours)
        behind = requested_at + self._offset - made_at
        if behind <= TOLERANCE:
            self._offset = max(self._offset, offset) if self._seen_in_step else offset
        elif self._goes_on(made_at, offset, requested_at, behind):
            self._offset, behind = offset, 0.0
        else:
            return behind
        self._seen_in_step, self._other = True, None
        return behind

    def _goes_on(self, made_at: float, offset: float, requested_at: float, behind: float) -> bool:
        """Whether the answers that look old have been made when requested, for long enough."""
        other = self._other
        if other is None or requested_at + other.offset - made_at > TOLERANCE:
            self._other = _SteadyClock(offset, made_at - offset)
            return False
        other.offset = max(other.offset, offset)
        doubt = min(behind, LONGEST_DOUBT if self._seen_in_step else FIRST_DOUBT)
        return requested_at - other.since >= doubt

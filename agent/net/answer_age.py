"""How old a server's answers are by their own headers: a cache may serve yesterday's.

``Age`` is the time an answer has lain in caches (RFC 9111 §5.1). ``Date`` is when it was made, by
the server's clock, and the server's clock may be wrong, and so may ours. So ``Date`` is compared
with the server's own earlier ones, in monotonic time:

- while ``Date`` goes on as time passes, answers are made when they are requested, however far it
  is from our clock: that is skew, which the alert ProviderClockSkew reports;
- an answer with an earlier ``Date`` than any clock of the server showed when it was requested was
  made before, and is so much older;
- for a minute after our own clock was set, an answer with the time that it shows now was made now:
  where server and agent share a clock, setting that makes nothing old;
- a clock that was set back by a while looks that much older. It is believed once its ``Date`` has
  gone on for as long, at most an hour: it then is past all it said before. A clock that was set
  forward is believed at once, and the one before is remembered for an hour: servers behind one
  address have clocks of their own.

Only the first answers have nothing to be compared with but our own clock. If they are behind it,
they count as old until ``Date`` has gone on for a minute: it may be our clock that is ahead. The
same question asked again tells sooner: a cache would repeat what it answered, ``Date`` included.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.net.retry_after import parse_http_date

TOLERANCE = 5.0
"""Seconds that ``Date`` may lag behind: it has no fractions, and clocks drift a little."""
LONGEST_DOUBT = 3600.0
"""Seconds after which a clock that was set back is believed at the latest."""
FIRST_DOUBT = 60.0
"""The same while no answer was in step with our clock."""
SET_TOGETHER = 60.0
"""Seconds after our clock was set for which a server may turn out to share it."""
ASKED_AGAIN = 2 * TOLERANCE
"""Seconds after which the same question, asked again, tells an old answer from a clock behind."""
_MOST_CLOCKS = 8
_MOST_QUESTIONS = 256
_REMEMBERED = 3600.0

_AGE = re.compile(r"\d{1,10}", re.ASCII)


@dataclass
class _Clock:
    """A clock by which answers were made, and since or until when (monotonic seconds)."""

    offset: float
    """The server's time minus our monotonic time, at least."""
    at: float


class AnswerAges:
    """The ages of one server's answers."""

    def __init__(self) -> None:
        self._clocks: list[_Clock] = []
        """Those that are believed, each with the time of its newest answer; at first our own."""
        self._is_ours = True
        self._doubtful: _Clock | None = None
        """That of answers that look old, since when they keep to it."""
        self._own: _Clock | None = None
        """Our own at the newest answer."""
        self._was_set_at = float("-inf")
        self._questions: dict[int, _Clock] = {}
        """That of the first answer to each question, while no answer was in step with ours."""

    def age(
        self,
        headers: Mapping[str, str],
        requested_at: float,
        received_at: float,
        now: float,
        question: int | None = None,
    ) -> float:
        """Seconds by which the answer was made before it was requested; 0 within the tolerance.

        Both times are monotonic seconds; ``now`` is the epoch, by our clock, at ``received_at``.
        ``question`` stands for what was requested; ``None`` if that is not known.
        """
        text = headers.get("Age", "").strip()
        in_caches = float(text) if _AGE.fullmatch(text) else 0.0
        made_at = parse_http_date(headers.get("Date"))
        behind = 0.0
        if made_at is not None:
            if not self._clocks:
                self._clocks = [_Clock(now - received_at, received_at)]
            self._note_own_clock(now - received_at, requested_at)
            offset = made_at - received_at
            behind = self._behind(made_at, offset, requested_at)
            if (
                behind
                and question is not None
                and self._is_answered_anew(question, offset, requested_at)
            ):
                self._believe(_Clock(offset, requested_at), offset, requested_at)
                behind = 0.0
        age = max(in_caches, behind)
        return age if age > TOLERANCE else 0.0

    def _note_own_clock(self, offset: float, at: float) -> None:
        if self._own is not None and abs(offset - self._own.offset) > TOLERANCE:
            self._was_set_at = at
        self._own = _Clock(offset, at)

    def _is_in_step_with_ours(self, made_at: float, offset: float, requested_at: float) -> bool:
        """Whether our clock was set just now and an answer has the time that it shows."""
        own = self._own
        return (
            own is not None
            and requested_at - self._was_set_at < SET_TOGETHER
            and requested_at + own.offset - made_at <= TOLERANCE
            and offset <= own.offset + TOLERANCE
        )

    def _behind(self, made_at: float, offset: float, requested_at: float) -> float:
        """How far ``made_at`` is behind the server's clock at ``requested_at``.

        ``offset`` is at most that of its clock: an answer is made before it is received.
        """
        lags = [requested_at + clock.offset - made_at for clock in self._clocks]
        for clock, lag in zip(self._clocks, lags, strict=True):
            if lag <= TOLERANCE and offset <= clock.offset + TOLERANCE:
                highest = offset if self._is_ours else max(clock.offset, offset)
                self._believe(clock, highest, requested_at)
                return 0.0
        behind = min((lag for lag in lags if lag > TOLERANCE), default=0.0)
        if (
            behind
            and not self._is_in_step_with_ours(made_at, offset, requested_at)
            and not self._goes_on(made_at, offset, requested_at, behind)
        ):
            return behind
        clock = _Clock(offset, requested_at)
        self._clocks.append(clock)
        self._believe(clock, offset, requested_at)
        return 0.0

    def _is_answered_anew(self, question: int, offset: float, requested_at: float) -> bool:
        """Whether the first answers look old and this one was made when it was requested.

        Its question was answered before, and the server's clock has gone on since as time has.
        """
        if not self._is_ours:
            return False
        known = self._questions.setdefault(question, _Clock(offset, requested_at))
        if len(self._questions) > _MOST_QUESTIONS:
            self._questions.clear()
        since = requested_at - known.at
        return since >= ASKED_AGAIN and abs(offset - known.offset) <= TOLERANCE

    def _believe(self, clock: _Clock, offset: float, at: float) -> None:
        clock.offset, clock.at = offset, at
        if self._is_ours:
            self._clocks, self._is_ours = [clock], False
            self._questions.clear()
        recent = [it for it in self._clocks if it.at >= at - _REMEMBERED]
        self._clocks = sorted(recent, key=lambda it: it.at)[-_MOST_CLOCKS:]

    def _goes_on(self, made_at: float, offset: float, requested_at: float, behind: float) -> bool:
        """Whether the answers that look old have been made when requested, for long enough."""
        clock = self._doubtful
        if clock is None or requested_at + clock.offset - made_at > TOLERANCE:
            self._doubtful = _Clock(offset, made_at - offset)
            return False
        clock.offset = max(clock.offset, offset)
        doubt = min(behind, FIRST_DOUBT if self._is_ours else LONGEST_DOUBT)
        return requested_at - clock.at >= doubt

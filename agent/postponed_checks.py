"""Checks that wait until somebody needs them, and facts that become stale meanwhile.

Where replicas share a ledger, the one that decides checks every account, and each checks the
accounts that it polls. Of the others only people who look need checks, and most polls change
nothing but the times of polls: an account of which nothing else is new is checked again when
somebody looks, or when its facts become stale because nobody polls it.
"""

from collections.abc import Callable
from math import inf
from time import monotonic

from agent.model import AccountKey, PollStatus, Snapshot

MayWait = Callable[[AccountKey], bool]
"""Whether nobody but people who look needs the checks of an account here."""
ATTENDED = 60.0
"""Seconds after somebody has looked in which no check waits."""
_LOOK_INTERVAL = 1.0
"""Seconds between two looks for what has become stale."""
_TIMES = frozenset({"revision", "polls"})
_FACTS = tuple(name for name in Snapshot.__struct_fields__ if name not in _TIMES)


def differ_in_times_only(one: Snapshot, other: Snapshot) -> bool:
    """Whether nothing but the times of polls is another; of equal facts the same objects."""
    return (
        all(getattr(one, name) is getattr(other, name) for name in _FACTS)
        and one.polls.keys() == other.polls.keys()
        and all(_outcome(it) == _outcome(other.polls[name]) for name, it in one.polls.items())
    )


def _outcome(status: PollStatus) -> tuple[object, ...]:
    return status.interval, status.failure, status.detail, status.last_success is None


def stale_at(snapshot: Snapshot, now: float) -> float:
    """When the first of the facts that are current at ``now`` becomes stale, epoch seconds."""
    ends = (
        status.last_success + snapshot.stale_after[capability]
        for capability, status in snapshot.polls.items()
        if status.last_success is not None and snapshot.is_fresh(capability, now)
    )
    return min(ends, default=inf)


class PostponedChecks:
    """What was checked, until when that holds, and what of it is known more newly."""

    def __init__(self) -> None:
        self.may_wait: MayWait = lambda _: False
        self._checked: dict[AccountKey, Snapshot] = {}
        self._stale_at: dict[AccountKey, float] = {}
        self._waiting: set[AccountKey] = set()
        self._attended_until = self._looked_at = -inf

    def rests(self, key: AccountKey) -> bool:
        """Whether checks of the account wait now."""
        return monotonic() >= self._attended_until and self.may_wait(key)

    def is_new(self, snapshot: Snapshot) -> bool:
        """Whether more than the times of polls differs from what was checked."""
        former = self._checked.get((snapshot.provider, snapshot.account))
        return former is None or not differ_in_times_only(former, snapshot)

    def postpone(self, snapshot: Snapshot, now: float) -> bool:
        """Let the check of ``snapshot`` wait until somebody looks; ``False`` where it must not.

        By its times, and not by those of what was checked, its facts become stale.
        """
        key = snapshot.provider, snapshot.account
        if not self.postpone_dependent(key):
            return False
        self._stale_at[key] = stale_at(snapshot, now)
        return True

    def postpone_dependent(self, key: AccountKey) -> bool:
        """The same of an account of which another one's facts say more now."""
        if not self.rests(key):
            return False
        self._waiting.add(key)
        return True

    def checked(self, snapshot: Snapshot, now: float, step: float) -> None:
        """``snapshot`` was checked at ``now``, epoch seconds of a clock set by ``step`` since."""
        key = snapshot.provider, snapshot.account
        self._checked[key] = snapshot
        self._stale_at[key] = stale_at(snapshot, now) + step
        self._waiting.discard(key)

    def take_stale(self, now: float) -> list[AccountKey]:
        """The accounts of which a fact has become stale since it was checked; each once."""
        if monotonic() < self._looked_at + _LOOK_INTERVAL:
            return []
        self._looked_at = monotonic()
        stale = [key for key, at in self._stale_at.items() if at <= now]
        for key in stale:
            self._stale_at[key] = inf
        return stale

    def attend(self) -> set[AccountKey]:
        """Let no check wait for :data:`ATTENDED` seconds; returns the accounts whose checks did."""
        self._attended_until = monotonic() + ATTENDED
        return self.take_waiting()

    def take_waiting(self) -> set[AccountKey]:
        """The accounts whose checks have waited until now."""
        waiting, self._waiting = self._waiting, set()
        return waiting

    def forget(self, key: AccountKey) -> None:
        """Forget an account that is no longer configured."""
        self._checked.pop(key, None)
        self._stale_at.pop(key, None)
        self._waiting.discard(key)

    def clock_was_set(self, step: float) -> None:
        """The agent's clock was set by ``step`` seconds: what was checked is no older for it."""
        self._stale_at = {key: at + step for key, at in self._stale_at.items()}

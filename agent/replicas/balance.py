"""What a replica takes and what it gives away: pure functions of leases, members and the time.

Who is preferred says rendezvous hashing. Each pair of a name and a member has a score that is the
same everywhere, and the highest wins. A member that comes or goes changes the preference of what it
wins or has won, and of nothing else (Thaler and Ravishankar 1998, "Using name-based mappings to
increase hit rates").
"""

from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b

PATIENCE = 3.0
"""Seconds for which a free lease is left to whoever is preferred for it."""
MOVED_SHARE = 0.05
"""The share of all leases that moves in a minute because another replica is preferred."""
MINUTE = 60.0


def preferred(name: str, members: Collection[str]) -> str | None:
    """The member that is preferred for ``name``; ``None`` where there are no members."""
    return max(members, key=lambda member: (_score(name, member), member), default=None)


def _score(name: str, member: str) -> bytes:
    # The length keeps ("ab", "c") apart from ("a", "bc").
    pair = f"{len(name)}:{name}{member}".encode("utf-8", "surrogatepass")
    return blake2b(pair, digest_size=8).digest()


def to_take(
    free_since: Mapping[str, float], me: str, members: Collection[str], now: float
) -> list[str]:
    """The free leases that ``me`` takes now, in order.

    ``free_since`` says since when each has been seen to be free, in seconds as ``now``.
    """
    return sorted(
        name
        for name, since in free_since.items()
        if now - since >= PATIENCE or preferred(name, members) == me
    )


def to_give(held: Iterable[str], me: str, members: Collection[str], most: int) -> list[str]:
    """Up to ``most`` of the leases that ``me`` holds and another replica is preferred for."""
    others = (name for name in sorted(held) if preferred(name, members) not in {me, None})
    return [name for name, _ in zip(others, range(most), strict=False)]


class MoveBudget:
    """How many leases one replica may still give away in a minute: its part of what may move."""

    def __init__(self) -> None:
        self._given: list[float] = []

    def left(self, total: int, members: int, now: float) -> int:
        """How many may be given away at ``now``, of ``total`` in all that ``members`` divide.

        Together they give away :data:`MOVED_SHARE` of all, or one each where that is more.
        """
        self._given = [at for at in self._given if now - at < MINUTE]
        share = int(total * MOVED_SHARE / max(1, members))
        return max(0, max(1, share) - len(self._given))

    def spend(self, count: int, now: float) -> None:
        """Count what is given away at ``now``."""
        self._given += [now] * count

"""Numbers that are gone from one account because another account has them now.

A number that leaves two complete listings counts as reclaimed, which its series and rules say. One
that another account lists was moved: at the former account it simply ends. Its approved
configuration goes with it to another account of the same provider.
"""

from collections.abc import Mapping, Sequence

import structlog
from msgspec.structs import replace

from agent.baselines.baseline import Baselines
from agent.fleet import Fleet
from agent.model import AccountKey, Listing, Snapshot
from agent.states import Capability
from agent.tickets.lines import holds, is_public

log = structlog.get_logger(__name__)

_Seen = tuple[frozenset[str], Sequence[tuple[Listing | None, bool]]]
"""The numbers that are gone, and the listing of every other account with whether it is fresh."""


class MovedNumbers:
    """Takes numbers that have moved away out of snapshots.

    Args:
        fleet: The newest snapshot of every account.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._seen: dict[AccountKey, _Seen] = {}
        self._moved: dict[AccountKey, dict[str, AccountKey]] = {}
        """By account, where each number that left it is now."""

    def without_moved(self, snapshot: Snapshot, baselines: Baselines, now: float) -> Snapshot:
        """``snapshot`` without the numbers that are gone from it and at another account.

        Once seen there, a number stays moved while that account does not answer.
        """
        key = snapshot.provider, snapshot.account
        if not snapshot.gone:
            self._seen.pop(key, None)
            self._moved.pop(key, None)
            return snapshot
        if self._has_changed(key, snapshot, now):
            former = self._moved.get(key, {})
            self._moved[key] = self._moved_from(snapshot, former, now)
            for number in sorted(self._moved[key].keys() - former.keys()):
                _carry_over(baselines, key, self._moved[key][number], number)
        moved = self._moved[key]
        return replace(snapshot, gone=snapshot.gone.difference(moved)) if moved else snapshot

    def _has_changed(self, key: AccountKey, snapshot: Snapshot, now: float) -> bool:
        """Whether a listing is another one than at the last call: then all are searched again."""
        listings = [
            (it.listing, it.is_fresh(Capability.NUMBERS, now)) for it in self._others(snapshot)
        ]
        former = self._seen.get(key)
        self._seen[key] = (snapshot.gone, listings)
        return (
            former is None
            or former[0] != snapshot.gone
            or len(former[1]) != len(listings)
            or any(
                one[0] is not other[0] or one[1] != other[1]
                for one, other in zip(former[1], listings, strict=True)
            )
        )

    def _others(self, snapshot: Snapshot) -> list[Snapshot]:
        key = snapshot.provider, snapshot.account
        return [it for it in self._fleet.snapshots() if (it.provider, it.account) != key]

    def _moved_from(
        self, snapshot: Snapshot, former: Mapping[str, AccountKey], now: float
    ) -> dict[str, AccountKey]:
        # The same provider's accounts first: there the approved configuration goes along.
        others = sorted(self._others(snapshot), key=lambda it: it.provider != snapshot.provider)
        moved: dict[str, AccountKey] = {}
        for number in filter(is_public, snapshot.gone):
            for other in others:
                place = other.provider, other.account
                is_known = former.get(number) == place or other.is_fresh(Capability.NUMBERS, now)
                if is_known and holds(other, number):
                    moved[number] = place
                    break
        return moved


def _carry_over(baselines: Baselines, former: AccountKey, present: AccountKey, number: str) -> None:
    """Gives the number's approved configuration to its new account, unless that has its own.

    Not from one provider to another: they do not have the same features.
    """
    log.info("number_moved", number=number, former="/".join(former), account="/".join(present))
    approved = baselines.stored(*former, number)
    own = baselines.stored(*present, number)
    is_wanted = own is None or not own.approved
    if approved is not None and approved.approved and former[0] == present[0] and is_wanted:
        baselines.put(*present, number, approved)

"""The numbers of an account: those listed, and those that are gone."""

from dataclasses import dataclass

import msgspec

from agent.checks.result import CheckResult
from agent.model import Number, Snapshot
from agent.states import NetworkState, NumberState

GONE_REASON = "missing from two complete listings in a row"


@dataclass(frozen=True, eq=False)
class NumberInventory:
    """The numbers of an account by row: listed ones in order, then those that are gone, sorted."""

    numbers: tuple[Number, ...]
    names: list[str]
    listed: int


def build_inventory(snapshot: Snapshot, before: CheckResult | None) -> NumberInventory:
    """Returns the numbers of ``snapshot``; reuses the lists of ``before`` if nothing changed."""
    if before is not None and _is_same_inventory(snapshot, before.snapshot):
        return NumberInventory(before.numbers, before.names, before.listed)
    listed = snapshot.listing.numbers if snapshot.listing else ()
    names = [number.number for number in listed]
    gone = sorted(snapshot.gone.difference(names)) if snapshot.gone else []
    numbers = (*listed, *(_gone(number, before) for number in gone)) if gone else listed
    names += gone
    if before is not None and names == before.names:
        names = before.names
    return NumberInventory(numbers, names, len(listed))


def _is_same_inventory(snapshot: Snapshot, before: Snapshot) -> bool:
    return snapshot.listing is before.listing and snapshot.gone == before.gone


def _gone(number: str, before: CheckResult | None) -> Number:
    """Returns the last known facts of a number that is gone, with the state ``reclaimed``.

    Some providers report the end of a number only by leaving it out of complete listings. Facts
    about its holder remain; dates that lay ahead are dropped.
    """
    row = before.number_row(number) if before is not None else None
    last = before.numbers[row] if before is not None and row is not None else None
    if last is None:
        return Number(number, NumberState.RECLAIMED, reason=GONE_REASON)
    if last.reason == GONE_REASON:
        return last
    return msgspec.structs.replace(
        last,
        state=NumberState.RECLAIMED,
        network_state=NetworkState.UNKNOWN,
        native_status="",
        reason=GONE_REASON,
        contract_end=None,
        reclaim_at=None,
        realname_ok=None,
    )

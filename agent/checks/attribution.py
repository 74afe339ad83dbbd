"""Completes an account's bound phones from the answers of PBX accounts (docs/inventory.md).

A carrier's account lists the number, a PBX account knows whether the extension behind it is
registered. What the PBX said counts as of its own age: of a PBX that is down or stale, nothing is
known of the phone. Where both accounts report a state, the newer one that is not unknown counts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import is_

import msgspec

from agent.checks.inventory_differences import is_same_phone
from agent.config.inventory.inventory import Inventory, InventoryNumber, InventoryPhone
from agent.config.settings import Settings
from agent.model import AccountKey, Binding, PollStatus, Snapshot
from agent.providers.inventory_facts import in_order
from agent.states import BindingState, Capability

NO_ANSWER = "no current answer"
"""The native status of a phone of which its PBX says nothing, or has not said it in time."""
_PHONES = Capability.REACHABILITY


@dataclass(frozen=True)
class _Attributed:
    """A number of an account whose phones another account knows."""

    source: AccountKey
    entry: InventoryNumber


class Attribution:
    """Which accounts know the phones of which numbers, by the inventories of one configuration."""

    def __init__(self, settings: Settings) -> None:
        self._of_account: dict[AccountKey, dict[str, list[_Attributed]]] = {}
        for source, inventory in _inventories(settings):
            for entry in inventory.of_others:
                assert entry.account is not None
                numbers = self._of_account.setdefault(entry.account, {})
                numbers.setdefault(entry.number, []).append(_Attributed(source, entry))
        self._latest: dict[AccountKey, tuple[tuple[object, ...], Snapshot]] = {}

    def dependents(self, source: AccountKey) -> Iterator[AccountKey]:
        """The accounts whose phones ``source`` knows."""
        for account, numbers in self._of_account.items():
            if any(it.source == source for entries in numbers.values() for it in entries):
                yield account

    def complete(
        self,
        snapshot: Snapshot,
        snapshot_of: Callable[[AccountKey], Snapshot | None],
        now: float,
    ) -> Snapshot:
        """``snapshot`` with the phones that PBX accounts know, by their snapshots.

        The very same object as before while no answer and no freshness has changed.
        """
        key = snapshot.provider, snapshot.account
        numbers = self._of_account.get(key)
        if not numbers or snapshot.listing is None:
            return snapshot
        sources = sorted({it.source for entries in numbers.values() for it in entries})
        found = ((source, snapshot_of(source)) for source in sources)
        snapshots = {source: it for source, it in found if it is not None}
        facts: tuple[object, ...] = (
            snapshot,
            *(snapshots.get(source) for source in sources),
            *(_is_fresh(snapshots.get(source), now) for source in sources),
        )
        former = self._latest.get(key)
        if former is not None and all(map(is_, former[0], facts)):
            return former[1]
        bindings = former[1].bindings if former is not None else {}
        completed = _completed(snapshot, numbers, snapshots, now, bindings)
        self._latest[key] = facts, completed
        return completed


def complete_all(settings: Settings, snapshots: Iterable[Snapshot], now: float) -> list[Snapshot]:
    """Each of ``snapshots`` completed from the others."""
    by_key = {(snapshot.provider, snapshot.account): snapshot for snapshot in snapshots}
    attribution = Attribution(settings)
    return [attribution.complete(snapshot, by_key.get, now) for snapshot in by_key.values()]


def _is_fresh(snapshot: Snapshot | None, now: float) -> bool:
    return snapshot is not None and snapshot.is_fresh(_PHONES, now)


def _inventories(settings: Settings) -> Iterator[tuple[AccountKey, Inventory]]:
    for provider in settings.providers:
        for account in provider.accounts:
            yield (provider.name, account.id), account.inventory.content


def _completed(
    snapshot: Snapshot,
    numbers: Mapping[str, list[_Attributed]],
    snapshots: Mapping[AccountKey, Snapshot],
    now: float,
    former: Mapping[str, tuple[Binding, ...]],
) -> Snapshot:
    listed = {number.number for number in snapshot.listing.numbers} if snapshot.listing else set()
    polled = snapshot.polls.get(_PHONES)
    bindings = dict(snapshot.bindings)
    for number in listed & numbers.keys():
        answers = [_Answer.of(it, snapshots.get(it.source), now) for it in numbers[number]]
        own_at = polled.last_success if polled is not None else None
        phones = _phones(bindings.get(number), answers, own_at)
        # Phones that did not change stay the same objects.
        bindings[number] = before if (before := former.get(number)) == phones else phones
    # So does the whole, which the checks compare by identity.
    whole = former if former == bindings else bindings
    return msgspec.structs.replace(snapshot, bindings=whole, **_polls_with_phones(snapshot))


def _polls_with_phones(snapshot: Snapshot) -> dict[str, object]:
    """The polls of an account that is not polled for phones: they have the status of its listing.

    Which phones there are comes from the configuration and is as current as the listing; the
    state of each phone is unknown already if its PBX is stale.
    """
    listing = snapshot.polls.get(Capability.NUMBERS)
    if _PHONES in snapshot.polls or listing is None:
        return {}
    status = PollStatus(listing.interval, listing.last_attempt, listing.last_success)
    stale_after = snapshot.stale_after[Capability.NUMBERS]
    return {
        "polls": {**snapshot.polls, _PHONES: status},
        "stale_after": {**snapshot.stale_after, _PHONES: stale_after},
    }


@dataclass(frozen=True)
class _Answer:
    """What one PBX account says of the phones of one number."""

    phones: tuple[InventoryPhone, ...]
    reported: Mapping[str, Binding]
    """By id of the inventory's phone; empty while the PBX has no current answer."""
    source: str
    at: float
    """When the PBX last answered, epoch seconds."""

    @classmethod
    def of(cls, attributed: _Attributed, snapshot: Snapshot | None, now: float) -> "_Answer":
        """The answer as of ``now``; none of a PBX that is not fresh."""
        phones, source = attributed.entry.phones, "/".join(attributed.source)
        if snapshot is None or not snapshot.is_fresh(_PHONES, now):
            return cls(phones, {}, source, 0.0)
        reported = snapshot.unlisted_bindings.get(attributed.entry.number, ())
        at = snapshot.polls[_PHONES].last_success or 0.0
        return cls(phones, {phone.id: phone for phone in reported}, source, at)

    def phone_of(self, bound: Binding) -> InventoryPhone | None:
        """The phone of the inventory that is ``bound``."""
        return next((phone for phone in self.phones if is_same_phone(phone, bound)), None)


def _phones(
    bound: tuple[Binding, ...] | None, answers: Sequence[_Answer], own_at: float | None
) -> tuple[Binding, ...]:
    """``bound`` with the answers; the inventories' phones where the provider reports none.

    A phone that the provider does not report is not added to those that it does.
    """
    if bound is None:
        plain = {
            phone.id: Binding(phone.id, phone.phone, phone.kind, phone.position)
            for answer in answers
            for phone in answer.phones
        }
        bound = in_order(list(plain.values()))
    return tuple(_with_answers(phone, answers, own_at or 0.0) for phone in bound)


def _with_answers(bound: Binding, answers: Sequence[_Answer], own_at: float) -> Binding:
    """``bound`` with the newest state that is known."""
    known = bound.state is not BindingState.UNKNOWN
    best, best_at = bound, own_at if known else -1.0
    silent = ""
    for answer in answers:
        phone = answer.phone_of(bound)
        if phone is None:
            continue
        reported = answer.reported.get(phone.id)
        if reported is None or reported.state is BindingState.UNKNOWN:
            silent = silent or answer.source
        elif answer.at > best_at:
            best, best_at = _restated(bound, reported, answer.source), answer.at
    if best is bound and not known and silent and not bound.native_status:
        # A word, so that it is not taken for a phone that never has a state.
        return msgspec.structs.replace(bound, native_status=NO_ANSWER, source=silent)
    return best


def _restated(bound: Binding, reported: Binding, source: str) -> Binding:
    return msgspec.structs.replace(
        bound, state=reported.state, native_status=reported.native_status, source=source
    )

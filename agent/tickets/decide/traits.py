"""What a broken thing has in common with others: its state, its carrier, its landings."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

import msgspec

from agent.checks.carriers import carrier_of
from agent.fleet import Fleet
from agent.masking import mask_phone
from agent.model import Binding, Snapshot
from agent.states import REACHABLE_STATES, BindingState, NumberState
from agent.tickets.decide.faults import Fault
from agent.tickets.number_details import find_number
from agent.tickets.ticket import Subject

_HASH_CHARACTERS = 8


class Traits(msgspec.Struct, frozen=True, gc=False):
    """What is known of the number a fault is about; empty where nothing is."""

    state: NumberState = NumberState.UNKNOWN
    carrier: str = ""
    landings: tuple[str, ...] = ()
    """The trunk the number lands on, and the phones it rings that cannot be reached."""
    phones: tuple[BindingState, ...] = ()
    """The states of the phones that cannot be reached, each once."""


NOTHING_KNOWN = Traits()


def traits_of(faults: Mapping[str, Fault], fleet: Fleet) -> dict[str, Traits]:
    """The traits of what ``faults`` are about, by key, where a number of theirs is listed."""
    found: dict[str, Traits] = {}
    for key, fault in faults.items():
        if fault.subject.number:
            snapshot = fleet.get(fault.subject.provider, fault.subject.account)
            traits = _traits(snapshot, fault.subject)
            if traits is not None:
                found[key] = traits
    return found


def _traits(snapshot: Snapshot | None, subject: Subject) -> Traits | None:
    listed = find_number(snapshot, subject.number)
    if snapshot is None or listed is None:
        return None
    down = tuple(_down(snapshot.bindings.get(subject.number, ()), subject.binding))
    routing = snapshot.routings.get(subject.number)
    trunk = (f"trunk {routing.trunk}",) if routing is not None and routing.trunk else ()
    return Traits(
        state=listed.state,
        carrier=carrier_of(listed.number, listed.carrier),
        landings=(*trunk, *(landing_id(phone.phone) for phone in down if phone.phone)),
        phones=tuple(sorted({phone.state for phone in down})),
    )


def _down(bound: Iterable[Binding], wanted: str) -> Iterator[Binding]:
    for phone in bound:
        known = phone.state is not BindingState.UNKNOWN
        if known and phone.state not in REACHABLE_STATES and wanted in ("", phone.id):
            yield phone


def landing_id(phone: str) -> str:
    """What a phone is called that several numbers ring: masked, and still told from others."""
    digest = sha256(phone.encode()).hexdigest()[:_HASH_CHARACTERS]
    return f"{mask_phone(phone)} {digest}"

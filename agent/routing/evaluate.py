"""The outcome of a call by the configuration alone (docs/reference/domain.md §1).

Pure. Whether the phones can be reached is left to the diagnosis: it is a fact, not configuration.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from agent.model import Binding, Routing
from agent.routing.calendar import Calendar, Hours, hours_at
from agent.routing.caller import Caller, matching_area, matching_entry
from agent.routing.menu import HANGUP, QUEUE, TO_BINDING, VOICEMAIL, Menu
from agent.routing.order import ring_sequence, sort_phones, wait_of
from agent.routing.outcome import Leg, Outcome, Treatment
from agent.states import Cause, Strategy

MENU_UNKNOWN: Final = "a target of the menu is not known"
HOURS_UNKNOWN: Final = "a phone that the hours name is not known"


@dataclass(frozen=True)
class Call:
    """A call to a number."""

    at: datetime
    """Local time in the schedule's time zone, without one."""
    caller: Caller = field(default_factory=Caller)
    pressed: str = ""
    """The keys the caller presses in a voice menu; empty for any way through it."""
    pin_entered: bool = True
    in_progress: int = 0
    """Calls that are in progress on the number already."""
    turn: int = 0
    """How many calls came before this one, for the cyclic strategy."""
    draw: float = 0.0
    """A random number in [0, 1), for the random and weighted strategies."""


@dataclass(frozen=True)
class Setting:
    """The configuration of a number; ``bound`` is ``None`` where its phones are unknown."""

    routing: Routing
    bound: tuple[Binding, ...] | None
    calendar: Calendar = field(default_factory=Calendar)

    @property
    def phones(self) -> tuple[Binding, ...]:
        """The bound phones; where they are unknown, those that the routing names."""
        if self.bound is not None:
            return self.bound
        return tuple(Binding(name, "") for name in self.routing.binding_order)


Gate = Callable[[Setting, Call], Outcome | None]
CallerGate = Callable[[Routing, Caller], Outcome | None]


def evaluate(setting: Setting, call: Call, *, check_caller: bool = True) -> Outcome:
    """Return the outcome of ``call`` to a number configured as in ``setting``.

    With ``check_caller`` false, lists and regions are left out, for questions about hours alone.
    """
    stopped = evaluate_caller(setting.routing, call.caller) if check_caller else None
    if stopped is not None:
        return stopped
    for gate in _GATES:
        stopped = gate(setting, call)
        if stopped is not None:
            return stopped
    return _through(setting, call)


def evaluate_caller(routing: Routing, caller: Caller) -> Outcome | None:
    """The outcome for a ``caller`` whom lists or regions stop at any hour; ``None`` for others."""
    for gate in _CALLER_GATES:
        stopped = gate(routing, caller)
        if stopped is not None:
            return stopped
    return None


def _black_list(routing: Routing, caller: Caller) -> Outcome | None:
    entry = caller.number and matching_entry(routing.blacklist, caller.number)
    if not entry:
        return None
    why = f"blacklist entry of {len(entry)} digits"
    return Outcome(Treatment.NO_RIGHT, obstacle=Cause.LIST_BLOCKS_CALLER, why=why)


def _white_list(routing: Routing, caller: Caller) -> Outcome | None:
    """An unknown caller is not on the white list."""
    if not routing.whitelist_enabled or matching_entry(routing.whitelist, caller.number):
        return None
    why = f"white list on with {len(routing.whitelist)} entries"
    return Outcome(Treatment.NO_RIGHT, obstacle=Cause.WHITELIST_BLOCKS_CALLER, why=why)


def _region(routing: Routing, caller: Caller) -> Outcome | None:
    """Region rules are skipped where the area is unknown: a mobile's number does not show it."""
    area = caller.area
    if not area:
        return None
    denied = matching_area(routing.region_deny, area)
    if denied:
        return _regional(f"area {denied} denied")
    if routing.region_allow and not matching_area(routing.region_allow, area):
        return _regional("area not among those allowed")
    return None


def _regional(why: str) -> Outcome:
    return Outcome(Treatment.BUSY, obstacle=Cause.REGION_BLOCKS_CALLER, why=why)


def _pin(setting: Setting, call: Call) -> Outcome | None:
    if not setting.routing.pin or call.pin_entered:
        return None
    return Outcome(Treatment.PIN, obstacle=Cause.UNKNOWN, why="a code is asked for and not entered")


def _bound(setting: Setting, _call: Call) -> Outcome | None:
    if setting.bound is None or setting.bound:
        return None
    return _unanswered(setting, Treatment.BUSY, Cause.NO_BINDING, "no phone is bound")


def _capacity(setting: Setting, call: Call) -> Outcome | None:
    """The least of what limits the calls at once; a forwarded landing takes one (L30)."""
    routing = setting.routing
    limits = [routing.concurrency_limit, routing.trunk_capacity]
    limits.append(1 if routing.landing_forwarded else None)
    known = [limit for limit in limits if limit is not None]
    if not known or call.in_progress < min(known):
        return None
    why = f"{call.in_progress} calls in progress, at most {min(known)} at once"
    return Outcome(Treatment.BUSY, obstacle=Cause.CAPACITY_EXCEEDED, why=why)


# Platforms check the caller first, then the capacity, and only then look for phones.
_CALLER_GATES: Final[Sequence[CallerGate]] = (_black_list, _white_list, _region)
_GATES: Final[Sequence[Gate]] = (_capacity, _bound, _pin)


def _through(setting: Setting, call: Call) -> Outcome:
    routing = setting.routing
    hours = hours_at(routing, call.at, setting.calendar)
    if not hours.is_open:
        why = f"no window on {call.at:%a %H:%M}"
        return _unanswered(setting, Treatment.CLOSED, Cause.SCHEDULE_CLOSED, why, hours.certain)
    if routing.menu:
        return _by_menu(setting, call, hours, Menu.of(routing.menu))
    return _queue(setting, call, hours, setting.phones)


def _by_menu(setting: Setting, call: Call, hours: Hours, menu: Menu) -> Outcome:
    """Where the pressed keys lead; without any, every phone that some keys lead to."""
    target = menu.follow(call.pressed)
    if target is None and call.pressed:
        return Outcome(Treatment.MENU, obstacle=Cause.UNKNOWN, why="the caller is still in a menu")
    targets = menu.targets() if target is None else {target}
    if QUEUE in targets:
        return _queue(setting, call, hours, setting.phones)
    phones = [phone for phone in setting.phones if f"{TO_BINDING}{phone.id}" in targets]
    if phones:
        return _queue(setting, call, hours, phones)
    if targets & menu.unknown_targets({phone.id for phone in setting.phones}):
        return _unanswered(setting, Treatment.NOTHING, Cause.UNKNOWN, MENU_UNKNOWN, certain=False)
    if VOICEMAIL in targets:
        return Outcome(
            Treatment.VOICEMAIL, obstacle=Cause.NO_BINDING, why="the menu leads to voicemail only"
        )
    why = "the key hangs up" if targets == {HANGUP} else "none of the menu's keys leads to a phone"
    return Outcome(Treatment.NOTHING, obstacle=Cause.NO_BINDING, why=why)


def _queue(setting: Setting, call: Call, hours: Hours, phones: Sequence[Binding]) -> Outcome:
    """Ring those of ``phones`` that have hours and take calls from the caller's area."""
    routing, area = setting.routing, call.caller.area
    # An overflow phone rings after all others, and like any other where there are no others.
    spare = routing.overflow if any(it.id != routing.overflow for it in phones) else None
    serving = [phone for phone in sort_phones(routing, phones) if hours.admits(phone.id)]
    ringing = [phone for phone in serving if phone.id != spare and _serves_area(phone, area)]
    legs, gives_up = ring_sequence(routing, ringing, call.turn, call.draw)
    last = next((phone for phone in setting.phones if spare and phone.id == spare), None)
    if last is not None and hours.admits(last.id) and _serves_area(last, area):
        wait = wait_of(routing, last)
        legs = (*legs, Leg(last.id, gives_up, wait))
        gives_up = None if gives_up is None or wait is None else gives_up + wait
    if legs:
        return Outcome(
            Treatment.RINGING,
            legs,
            at_the_end=Treatment.VOICEMAIL if routing.voicemail else Treatment.BUSY,
            gives_up_after=gives_up,
            certain=hours.certain and _is_certain(setting, call, serving),
        )
    if serving:
        return _regional("no phone takes calls from the caller's area")
    if setting.bound is None:
        return Outcome(Treatment.RINGING, certain=False, why="the bound phones are not known")
    named = {name for _, _, names in hours.stretches for name in names}
    if named - {phone.id for phone in setting.phones}:
        # What rings is not known, which is no proof that nothing does.
        return _unanswered(setting, Treatment.BUSY, Cause.UNKNOWN, HOURS_UNKNOWN, certain=False)
    why = f"no phone is bound in the window of {call.at:%H:%M}"
    return _unanswered(setting, Treatment.BUSY, Cause.NO_BINDING, why, hours.certain)


def _serves_area(binding: Binding, area: str) -> bool:
    return not (binding.areas and area) or bool(matching_area(binding.areas, area))


def _is_certain(setting: Setting, call: Call, serving: Sequence[Binding]) -> bool:
    routing = setting.routing
    regional = bool(routing.region_allow or routing.region_deny)
    regional = regional or any(phone.areas for phone in serving)
    has_order = routing.strategy is not Strategy.UNKNOWN or len(serving) == 1
    return has_order and bool(call.caller.area or not regional) and setting.bound is not None


def _unanswered(
    setting: Setting,
    treatment: Treatment,
    obstacle: Cause,
    why: str,
    certain: bool = True,  # noqa: FBT001, FBT002 - passed on
) -> Outcome:
    """The outcome where no phone can ring: voicemail takes the call if it is on."""
    if setting.routing.voicemail:
        treatment = Treatment.VOICEMAIL
    return Outcome(treatment, obstacle=obstacle, why=why, at_the_end=treatment, certain=certain)

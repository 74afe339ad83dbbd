"""What becomes of a call, by the configuration alone (domain.md §1, strategy to region rule).

Pure. Whether the phones it leads to can be reached is not asked: that is a matter of facts, not
of configuration.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from agent.model import Binding, Routing
from agent.routing.calendar import Calendar
from agent.routing.caller import Caller, in_areas, listed
from agent.routing.hours import Hours, hours_at
from agent.routing.menu import HANGUP, QUEUE, TO_BINDING, VOICEMAIL, Menu
from agent.routing.order import places, rung, wait_of
from agent.routing.outcome import Heard, Leg, Outcome
from agent.states import Cause, Strategy


@dataclass(frozen=True)
class Call:
    """A call to a number."""

    at: datetime
    """The time on the wall of the schedule's zone."""
    caller: Caller = field(default_factory=Caller)
    pressed: str = ""
    """The keys the caller presses where there is a voice menu; empty asks for any way through."""
    pin_entered: bool = True
    in_progress: int = 0
    """Calls that the number has in progress already."""
    turn: int = 0
    """How many calls came before this one, for strategies that take turns."""
    draw: float = 0.0
    """A number in [0, 1), for strategies that draw lots."""


@dataclass(frozen=True)
class Setting:
    """What is configured for a number; ``bound`` is ``None`` where its phones are not known."""

    routing: Routing
    bound: tuple[Binding, ...] | None
    calendar: Calendar = field(default_factory=Calendar)

    @property
    def phones(self) -> tuple[Binding, ...]:
        """The bound phones; where they are not known, those that the routing names."""
        if self.bound is not None:
            return self.bound
        return tuple(Binding(name, "") for name in self.routing.binding_order)


Gate = Callable[[Setting, Call], Outcome | None]
CallerGate = Callable[[Routing, Caller], Outcome | None]


def evaluate(setting: Setting, call: Call, *, ask_caller: bool = True) -> Outcome:
    """What becomes of ``call`` to a number configured as in ``setting``.

    ``ask_caller`` false leaves lists and regions out, for questions about hours alone.
    """
    stopped = stopped_caller(setting.routing, call.caller) if ask_caller else None
    if stopped is not None:
        return stopped
    for gate in _GATES:
        stopped = gate(setting, call)
        if stopped is not None:
            return stopped
    return _through(setting, call)


def stopped_caller(routing: Routing, caller: Caller) -> Outcome | None:
    """What stops ``caller`` whatever the hour: lists, then regions; ``None`` when nothing does."""
    for gate in _CALLER_GATES:
        stopped = gate(routing, caller)
        if stopped is not None:
            return stopped
    return None


def _black_list(routing: Routing, caller: Caller) -> Outcome | None:
    hit = caller.number and listed(routing.blacklist, caller.number)
    if not hit:
        return None
    why = f"blacklist entry of {len(hit)} digits"
    return Outcome(Heard.NO_RIGHT, obstacle=Cause.LIST_BLOCKS_CALLER, why=why)


def _white_list(routing: Routing, caller: Caller) -> Outcome | None:
    """A caller who is not known is not on it."""
    if not routing.whitelist_enabled or listed(routing.whitelist, caller.number):
        return None
    why = f"white list on with {len(routing.whitelist)} entries"
    return Outcome(Heard.NO_RIGHT, obstacle=Cause.WHITELIST_BLOCKS_CALLER, why=why)


def _region(routing: Routing, caller: Caller) -> Outcome | None:
    """A mobile's area is not in its number; where it is not known, no region rule is asked."""
    area = caller.area
    if not area:
        return None
    denied = in_areas(routing.region_deny, area)
    if denied:
        return _regional(f"area {denied} denied")
    if routing.region_allow and not in_areas(routing.region_allow, area):
        return _regional("area not among those allowed")
    return None


def _regional(why: str) -> Outcome:
    return Outcome(Heard.BUSY, obstacle=Cause.REGION_BLOCKS_CALLER, why=why)


def _pin(setting: Setting, call: Call) -> Outcome | None:
    if not setting.routing.pin or call.pin_entered:
        return None
    return Outcome(Heard.PIN, obstacle=Cause.UNKNOWN, why="a code is asked for and not entered")


def _bound(setting: Setting, _call: Call) -> Outcome | None:
    if setting.bound is None or setting.bound:
        return None
    return _unanswered(setting, Heard.BUSY, Cause.NO_BINDING, "no phone is bound")


def _capacity(setting: Setting, call: Call) -> Outcome | None:
    """The least of what limits the calls at once; a forwarded landing takes one (L30)."""
    routing = setting.routing
    limits = [routing.concurrency_limit, routing.trunk_capacity]
    limits.append(1 if routing.landing_forwarded else None)
    known = [limit for limit in limits if limit is not None]
    if not known or call.in_progress < min(known):
        return None
    why = f"{call.in_progress} calls in progress, at most {min(known)} at once"
    return Outcome(Heard.BUSY, obstacle=Cause.CAPACITY_EXCEEDED, why=why)


_CALLER_GATES: Final[Sequence[CallerGate]] = (_black_list, _white_list, _region)
_GATES: Final[Sequence[Gate]] = (_capacity, _bound, _pin)
"""What is asked before any phone is: first who calls, then whether there is room."""


def _through(setting: Setting, call: Call) -> Outcome:
    routing = setting.routing
    hours = hours_at(routing, call.at, setting.calendar)
    if not hours.is_open:
        why = f"no window on {call.at:%a %H:%M}"
        return _unanswered(setting, Heard.CLOSED, Cause.SCHEDULE_CLOSED, why, hours.certain)
    if routing.menu:
        return _by_menu(setting, call, hours, Menu.of(routing.menu))
    return _queue(setting, call, hours, setting.phones)


def _by_menu(setting: Setting, call: Call, hours: Hours, menu: Menu) -> Outcome:
    """Where the pressed keys lead; without any, every phone that some keys lead to."""
    target = menu.follow(call.pressed)
    if target is None and call.pressed:
        return Outcome(Heard.MENU, obstacle=Cause.UNKNOWN, why="the caller stands in a menu still")
    targets = menu.targets() if target is None else {target}
    if QUEUE in targets:
        return _queue(setting, call, hours, setting.phones)
    chosen = [each for each in setting.phones if f"{TO_BINDING}{each.id}" in targets]
    if chosen:
        return _queue(setting, call, hours, chosen)
    if VOICEMAIL in targets:
        return Outcome(
            Heard.VOICEMAIL, obstacle=Cause.NO_BINDING, why="the menu leads to voicemail only"
        )
    why = "the key hangs up" if targets == {HANGUP} else "no phone stands behind the menu's keys"
    return Outcome(Heard.NOTHING, obstacle=Cause.NO_BINDING, why=why)


def _queue(setting: Setting, call: Call, hours: Hours, among: Sequence[Binding]) -> Outcome:
    """Rings the phones of ``among`` that have hours and take calls from the caller's area."""
    routing = setting.routing
    spare = routing.overflow if any(it.id != routing.overflow for it in among) else None
    serving = [each for each in places(routing, among) if hours.admits(each.id)]
    taking = [each for each in serving if each.id != spare and _takes(each, call.caller.area)]
    legs, gives_up = rung(routing, taking, call.turn, call.draw)
    last = next((each for each in setting.phones if spare and each.id == spare), None)
    if last is not None and hours.admits(last.id) and _takes(last, call.caller.area):
        wait = wait_of(routing, last)
        legs = (*legs, Leg(last.id, gives_up, wait))
        gives_up = None if gives_up is None or wait is None else gives_up + wait
    if legs:
        return Outcome(
            Heard.RINGING,
            legs,
            at_the_end=Heard.VOICEMAIL if routing.voicemail else Heard.BUSY,
            gives_up_after=gives_up,
            certain=hours.certain and _is_certain(setting, call, serving),
        )
    if serving:
        return _regional("no phone takes calls from the caller's area")
    if setting.bound is None:
        return Outcome(Heard.RINGING, certain=False, why="the bound phones are not known")
    why = f"no phone is bound in the window of {call.at:%H:%M}"
    return _unanswered(setting, Heard.BUSY, Cause.NO_BINDING, why, hours.certain)


def _takes(binding: Binding, area: str) -> bool:
    return not (binding.areas and area) or bool(in_areas(binding.areas, area))


def _is_certain(setting: Setting, call: Call, serving: Sequence[Binding]) -> bool:
    routing = setting.routing
    regional = bool(routing.region_allow or routing.region_deny)
    regional = regional or any(each.areas for each in serving)
    told = routing.strategy is not Strategy.UNKNOWN or len(serving) == 1
    return told and bool(call.caller.area or not regional) and setting.bound is not None


def _unanswered(
    setting: Setting,
    heard: Heard,
    obstacle: Cause,
    why: str,
    certain: bool = True,  # noqa: FBT001, FBT002 - passed on
) -> Outcome:
    """No phone can ring: voicemail takes the call where there is one."""
    heard = Heard.VOICEMAIL if setting.routing.voicemail else heard
    return Outcome(heard, obstacle=obstacle, why=why, at_the_end=heard, certain=certain)

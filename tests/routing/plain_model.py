"""The routing of a call once more, as plainly as can be: minute by minute, phone by phone.

Written from docs/reference/domain.md §1 without a look at the code it checks: slow, and without
a shortcut.
"""

from datetime import timedelta
from itertools import permutations
from math import factorial

from agent.routing.calendar import DayKind


def windows_of(routing, day, kinds):
    """The windows that begin on ``day``: start, end, phones."""
    for entry in routing.special_days or ():
        if entry.first <= day.toordinal() <= entry.last:
            return [(start, end, entry.bindings) for start, end in entry.hours]
    weekday = day.weekday()
    if routing.national_calendar:
        kind = kinds.get(day, DayKind.PLAIN)
        weekday = {DayKind.HOLIDAY: 6, DayKind.ADJUSTED: 0}.get(kind, weekday)
    if not routing.schedule:
        return [(0, 1440, ())]
    return [
        (w.start_minute, w.end_minute, w.bindings) for w in routing.schedule if weekday in w.days
    ]


def open_windows(routing, at, kinds):
    """The phones of each window that holds the minute ``at``, walked minute by minute."""
    windows = []
    for back in (1, 0):
        day = at.date() - timedelta(days=back)
        for start, end, phones in windows_of(routing, day, kinds):
            minute = start
            while True:
                if back * 1440 + at.hour * 60 + at.minute == minute:
                    windows.append(phones)
                minute += 1
                if minute % 1440 == end % 1440:
                    break
    return windows


def starts(number, entries):
    return any(number[: len(entry)] == entry for entry in entries if entry and number)


def allowed(routing, number, area):
    """``None`` when the caller may call, else what stops it."""
    if starts(number, routing.blacklist):
        return "list_blocks_caller"
    if routing.whitelist_enabled and not starts(number, routing.whitelist):
        return "whitelist_blocks_caller"
    if area and starts(area, routing.region_deny):
        return "region_blocks_caller"
    if area and routing.region_allow and not starts(area, routing.region_allow):
        return "region_blocks_caller"
    return None


def pressed_target(routing, pressed):
    """Where the keys lead; ``None`` when they end in a menu."""
    menu = routing.menu[0].menu
    for key in pressed:
        hits = [it.target for it in routing.menu if it.menu == menu and it.key == key]
        target = hits[0] if hits else ""
        if not target.startswith("menu:"):
            return target
        menu = target[5:]
        if not any(it.menu == menu for it in routing.menu):
            return ""
    return None


def reachable_targets(routing):
    """Every target that some keys lead to."""
    seen, targets = set(), set()
    waiting = [routing.menu[0].menu]
    while waiting:
        menu = waiting.pop()
        if menu in seen:
            continue
        seen.add(menu)
        done = set()
        for entry in routing.menu:
            if entry.menu != menu or entry.key in done:
                continue
            done.add(entry.key)
            if entry.target.startswith("menu:"):
                waiting.append(entry.target[5:])
            elif entry.target:
                targets.add(entry.target)
    return targets


def ordered(strategy, phones, turn, draw):
    """The phones in the order in which they ring."""
    if strategy == "cyclic":
        phones = list(phones)
        for _ in range(turn % len(phones) if phones else 0):
            phones.append(phones.pop(0))
        return phones
    if strategy == "random" or (strategy == "weighted" and not any(it.weight for it in phones)):
        every = list(permutations(range(len(phones))))
        chosen = every[int(draw * factorial(len(phones)))]
        return [phones[index] for index in chosen]
    if strategy == "weighted":
        lots = [it for it in phones for _ in range(int(it.weight or 0))]
        first = lots[int(draw * len(lots))]
        others = [it for it in phones if it is not first]
        return [first, *sorted(others, key=lambda it: it.weight or 0, reverse=True)]
    return list(phones)


def expected_outcome(routing, bound, call, kinds):  # noqa: PLR0911 - one return a rule, as the domain has them
    """The outcome of the call: the cause that stops it, or the phones with when and how long."""
    stopped = allowed(routing, call.caller.number, call.caller.area)
    if stopped:
        return stopped, []
    limits = [routing.concurrency_limit, routing.trunk_capacity]
    limits += [1] if routing.landing_forwarded else []
    if any(limit is not None and call.in_progress >= limit for limit in limits):
        return "capacity_exceeded", []
    if not bound:
        return "no_binding", []
    if routing.pin and not call.pin_entered:
        return "unknown", []
    windows = open_windows(routing, call.at, kinds)
    if not windows:
        return "schedule_closed", []
    phones = list(bound)
    if routing.menu:
        target = pressed_target(routing, call.pressed)
        if target is None and call.pressed:
            return "unknown", []
        targets = reachable_targets(routing) if target is None else {target}
        if "queue" not in targets:
            phones = [it for it in phones if f"binding:{it.id}" in targets]
            if not phones:
                named = {it for it in targets if it.startswith("binding:")}
                return ("unknown" if named else "no_binding"), []
    return ring(routing, bound, phones, call, windows)


def ring(routing, bound, phones, call, windows):
    """Ring ``phones`` as far as they have hours and take the caller's area."""
    position = {name: rank for rank, name in enumerate(routing.binding_order)}
    phones = sorted(phones, key=lambda it: (position.get(it.id, 99), it.position))
    open_now = [it for it in phones if any(not names or it.id in names for names in windows)]

    def takes(phone):
        return not phone.areas or not call.caller.area or starts(call.caller.area, phone.areas)

    spare = [it for it in bound if it.id == routing.overflow]
    if spare and not any(it is not spare[0] for it in phones):
        spare = []
    chain = ordered(
        routing.strategy,
        [it for it in open_now if takes(it) and it not in spare],
        call.turn,
        call.draw,
    )
    last = [it for it in spare if takes(it) and any(not n or it.id in n for n in windows)]
    legs, clock = [], 0.0
    longest = 0.0
    for phone in chain:
        wait = phone.wait_seconds if phone.wait_seconds is not None else routing.wait_seconds
        together = routing.strategy == "simultaneous"
        legs.append((phone.id, 0.0 if together else clock, wait))
        clock, longest = clock + wait, max(longest, wait)
    for phone in last:
        wait = phone.wait_seconds if phone.wait_seconds is not None else routing.wait_seconds
        legs.append((phone.id, longest if routing.strategy == "simultaneous" else clock, wait))
    if legs:
        return None, legs
    if open_now:
        return "region_blocks_caller", []
    named = {name for names in windows for name in names}
    return ("unknown" if named - {it.id for it in bound} else "no_binding"), []

"""Configurations and calls by the thousand, from a seed."""

from datetime import datetime, timedelta

from agent.model import Binding, MenuKey, Routing, SpecialDays, Window
from agent.routing.calendar import Calendar, DayKind
from agent.routing.caller import Caller
from agent.routing.evaluate import Call
from agent.states import Strategy

FIRST = datetime(2026, 9, 28)  # noqa: DTZ001 - the wall clock of the schedule's zone
IDS = ("b1", "b2", "b3", "b4")
AREAS = ("010", "022", "0755")
HEADS = ("138", "1380", "010", "0108", "022", "1", "186123", "")
STRATEGIES = [it for it in Strategy if it is not Strategy.UNKNOWN]
KINDS = {
    (FIRST + timedelta(days=day)).date(): kind
    for day, kind in ((3, DayKind.HOLIDAY), (4, DayKind.HOLIDAY), (12, DayKind.ADJUSTED))
}
CALENDAR = Calendar(KINDS, decree=lambda _day: DayKind.PLAIN)
DRAWS = [(step + 0.37) / 24 for step in range(24)]


def some(coin, items, most=2):
    return tuple(coin.sample(items, coin.randint(0, min(most, len(items)))))


def window(coin):
    days = tuple(sorted(coin.sample(range(7), coin.randint(1, 7))))
    start, end = coin.randrange(0, 1440, 30), coin.randrange(30, 1441, 30)
    return Window(days, start, end, some(coin, IDS))


def special(coin):
    first = FIRST.date().toordinal() + coin.randrange(14)
    start = coin.randrange(0, 1200, 30)
    hours = ((start, start + 120),) if coin.random() < 0.6 else ()
    return SpecialDays(first, first + coin.randrange(3), hours, some(coin, IDS))


def menu(coin):
    targets = ["queue", "voicemail", "hangup", "", "menu:m1", "menu:m2", "menu:gone"]
    targets += [f"binding:{name}" for name in (*IDS, "b9")]
    return tuple(
        MenuKey(coin.choice(("m1", "m2")), coin.choice("123"), coin.choice(targets))
        for _ in range(coin.randint(1, 5))
    )


def routing(coin):
    rare = coin.random
    return Routing(
        strategy=coin.choice(STRATEGIES),
        wait_seconds=float(coin.choice((5, 15, 20, 50))),
        schedule=tuple(window(coin) for _ in range(coin.randrange(4))),
        region_allow=some(coin, AREAS) if rare() < 0.2 else (),
        region_deny=some(coin, AREAS) if rare() < 0.2 else (),
        blacklist=some(coin, HEADS) if rare() < 0.2 else (),
        whitelist_enabled=rare() < 0.1,
        whitelist=some(coin, HEADS),
        concurrency_limit=coin.choice((None, 1, 10)),
        voicemail=coin.choice((None, True, False)),
        binding_order=tuple(coin.sample(IDS, 4)) if rare() < 0.5 else (),
        special_days=tuple(special(coin) for _ in range(2)) if rare() < 0.3 else None,
        national_calendar=coin.choice((None, True, False)),
        menu=menu(coin) if rare() < 0.3 else None,
        pin=rare() < 0.05,
        overflow=coin.choice((None, None, "", "b1", "b4", "b9")),
        landing_forwarded=coin.choice((None, None, None, True)),
        trunk_capacity=coin.choice((None, None, 2)),
    )


def phones(coin):
    return tuple(
        Binding(
            name,
            f"1380000000{place}",
            position=coin.randint(1, 3),
            wait_seconds=coin.choice((None, None, 10.0)),
            weight=coin.choice((None, 0.0, 30.0, 60.0)),
            areas=some(coin, AREAS) if coin.random() < 0.2 else (),
        )
        for place, name in enumerate(coin.sample(IDS, coin.choice((0, 1, 2, 2, 3, 4, 4))))
    )


def call(coin):
    number = coin.choice(("13800000001", "01088886666", "02287654321", "18612345678", ""))
    area = coin.choice(("", *AREAS)) if number.startswith("1") else ""
    return Call(
        at=FIRST + timedelta(minutes=coin.randrange(14 * 1440)),
        caller=Caller.of(number, area),
        pressed="".join(coin.choices("123", k=coin.randrange(3))),
        pin_entered=coin.random() < 0.8,
        in_progress=coin.choice((0, 0, 0, 1, 2)),
        turn=coin.randrange(9),
        draw=coin.choice(DRAWS),
    )

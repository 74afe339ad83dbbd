"""The catalogue of fault scenarios: every cause, at several providers, with noise."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from agent.states import Cause, Party
from tests.diagnosis.worlds import hard_cases
from tests.diagnosis.worlds.scenario import (
    ONE,
    WELL,
    Scenario,
    calls,
    failing,
    number,
    provider,
    to_account,
    to_number,
    to_phone,
)

TWO, THREE, FOUR, FIVE = "{n}2", "{n}3", "{n}4", "{n}5"
MOBILE, TIANJIN = "13900001111", "02288881111"
NEVER = [{"days": "mon", "from": "00:00", "to": "00:01"}]
ALWAYS = [{"days": "mon-sun", "from": "00:00", "to": "24:00"}]

STATES = (
    ("suspended_arrears", Cause.NUMBER_SUSPENDED_ARREARS, None),
    ("suspended_violation", Cause.NUMBER_SUSPENDED_VIOLATION, None),
    ("suspended_requested", Cause.NUMBER_SUSPENDED_REQUESTED, None),
    ("expired", Cause.NUMBER_EXPIRED, None),
    ("frozen", Cause.NUMBER_FROZEN, None),
    ("reclaimed", Cause.NUMBER_RECLAIMED, None),
    ("cancelled", Cause.NUMBER_RECLAIMED, None),
    ("review", Cause.NUMBER_IN_REVIEW, None),
    ("review_rejected", Cause.NUMBER_IN_REVIEW, None),
    ("open_unfunded", Cause.NUMBER_IN_REVIEW, Party.FINANCE),
)
NETWORKS = ("deactivated", "unloaded", "deleted")
PHONES = (
    ("arrears", Cause.BINDING_ARREARS),
    ("barred", Cause.BINDING_BARRED),
    ("nonexistent", Cause.BINDING_NONEXISTENT),
    ("off", Cause.BINDING_OFF),
    ("out_of_area", Cause.BINDING_OUT_OF_AREA),
    ("busy", Cause.BINDING_BUSY),
    ("no_answer", Cause.BINDING_NO_ANSWER),
    ("rejected", Cause.BINDING_REJECTED),
    ("dnd", Cause.BINDING_DND),
    ("forwarded", Cause.BINDING_FORWARDED),
    ("unregistered", Cause.BINDING_UNREGISTERED),
    ("overseas", Cause.BINDING_UNREGISTERED),
)
CONFIGURED = (
    ("closed", {"schedule": NEVER}, "", Cause.SCHEDULE_CLOSED),
    ("closed to a caller", {"schedule": NEVER}, MOBILE, Cause.SCHEDULE_CLOSED),
    ("listed in full", {"blacklist": [MOBILE]}, MOBILE, Cause.LIST_BLOCKS_CALLER),
    ("listed by its head", {"blacklist": ["139"]}, MOBILE, Cause.LIST_BLOCKS_CALLER),
    ("an area listed", {"blacklist": ["022"]}, TIANJIN, Cause.LIST_BLOCKS_CALLER),
    (
        "an empty white list",
        {"whitelist": {"enabled": True, "entries": []}},
        "",
        Cause.WHITELIST_BLOCKS_CALLER,
    ),
    (
        "not on the white list",
        {"whitelist": {"enabled": True, "entries": ["138", "137", "136"]}},
        MOBILE,
        Cause.WHITELIST_BLOCKS_CALLER,
    ),
    ("an area denied", {"region_deny": ["022"]}, TIANJIN, Cause.REGION_BLOCKS_CALLER),
    ("an area not allowed", {"region_allow": ["010"]}, TIANJIN, Cause.REGION_BLOCKS_CALLER),
    ("not on the black list", {"blacklist": ["138"]}, MOBILE, Cause.HEALTHY),
    (
        "on the white list",
        {"whitelist": {"enabled": True, "entries": ["139"]}},
        MOBILE,
        Cause.HEALTHY,
    ),
    ("open all day", {"schedule": ALWAYS}, MOBILE, Cause.HEALTHY),
    ("another area denied", {"region_deny": ["010"]}, TIANJIN, Cause.HEALTHY),
)
CHANGES = (
    ("closed", {"routing.schedule": NEVER}, ""),
    ("white list on", {"routing.whitelist.enabled": True}, ""),
    ("white list on, to a caller", {"routing.whitelist.enabled": True}, MOBILE),
    ("blacklisted", {"routing.blacklist": ["139"]}, MOBILE),
    ("all mobiles blacklisted", {"routing.blacklist": ["1"]}, ""),
    ("area denied", {"routing.region_deny": ["022"]}, TIANJIN),
    ("wait of 5 s", {"routing.wait_seconds": 5}, ""),
    ("fewer lines", {"routing.concurrency_limit": 1}, ""),
)
ENDS = (
    ("too many at once", calls(over_concurrency=0.6, answered=0.4), Cause.CAPACITY_EXCEEDED),
    ("now and then too many", calls(over_concurrency=0.3, answered=0.7), Cause.CAPACITY_EXCEEDED),
    ("no way through", calls(network=0.9, answered=0.1), Cause.PROVIDER_LEG),
    ("half get through", calls(network=0.5, answered=0.5), Cause.PROVIDER_LEG),
    ("blocked on the way", calls(blocked_by_carrier=1), Cause.PROVIDER_LEG),
    ("ended for no known reason", calls(unknown=0.9, answered=0.1), Cause.PROVIDER_LEG),
    ("nobody answers", calls(no_answer=0.95, answered=0.05), Cause.BINDING_NO_ANSWER),
    ("always busy", calls(busy=0.95, answered=0.05), Cause.BINDING_BUSY),
    ("rejected", calls(rejected=0.95, answered=0.05), Cause.BINDING_REJECTED),
    ("ordinary", WELL, Cause.HEALTHY),
)


def _drift() -> dict[str, object]:
    return to_number({"routing.voicemail": True, "routing.concurrency_limit": 12})


def _with_view(scenario: Scenario, view: str) -> Scenario:
    """The same scenario at a provider whose interface lacks some capabilities."""
    return replace(scenario, view=view)


def _noisy(scenario: Scenario) -> Iterator[Scenario]:
    """The scenario without noise, then with drift and with a fault of another number."""
    yield scenario
    if scenario.cause is not Cause.CONFIG_CHANGED:
        yield scenario.with_noise("unrelated drift", _drift())
    yield scenario.with_noise("a smaller fault", to_phone("b2", "no_answer", TWO))


def numbers() -> Iterator[Scenario]:
    """Causes in the number's own state."""
    for state, cause, party in STATES:
        fleet = provider(number(), number(TWO), number(THREE))
        scenario = Scenario(
            state, cause, (fleet,), (to_number({"state": state}),), expected_party=party
        )
        yield scenario
        yield scenario.with_noise("a smaller fault", to_phone("b1", "off"))
        yield scenario.with_noise("stale data", failing("http_500", capability="reachability"))
        yield _with_view(scenario, "without phones")
    for network in NETWORKS:
        fleet = provider(number(), number(TWO), number(THREE))
        scenario = Scenario(network, Cause.NETWORK_STATE_MISMATCH, (fleet,))
        scenario = replace(scenario, events=(to_number({"network_state": network}),))
        yield from _noisy(scenario)
        yield _with_view(scenario, "without phones")


def money() -> Iterator[Scenario]:
    """Causes in the account's balance."""
    spent = {"spend_cap": 100, "month_spend": 101}
    capped = provider(number(), number(TWO), **spent)
    yield Scenario("cap spent", Cause.SPEND_CAP_REACHED, (capped,), polled_before=False)
    plain = provider(number(), number(TWO))
    reached = Scenario("cap reached", Cause.SPEND_CAP_REACHED, (plain,), (to_account(spent),))
    yield from _noisy(reached)
    yield _with_view(reached, "without phones")
    broke = (to_account({"balance": 9.8}),)
    yield from _noisy(Scenario("suspended", Cause.NUMBER_SUSPENDED_ARREARS, (plain,), broke))
    in_time = (*broke, to_number({"state": "active"}))
    overdue = Scenario("not suspended yet", Cause.BALANCE_EXHAUSTED, (plain,), in_time)
    yield from _noisy(overdue)
    yield _with_view(overdue, "without phones")
    low = (to_account({"balance": 30}),)
    yield from _noisy(Scenario("low", Cause.HEALTHY, (plain,), low))


def phones() -> Iterator[Scenario]:
    """Causes in the bound phones."""
    for state, cause in PHONES:
        both = (to_phone("b1", state), to_phone("b2", state))
        fleet = provider(number(), number(TWO))
        yield from _noisy(Scenario(f"both {state}", cause, (fleet,), both))
        single = provider(number(ONE, "ok", routing={"wait_seconds": 55}), number(TWO))
        alone = Scenario(f"one {state}", cause, (single,), (to_phone("b1", state),))
        yield alone
        yield _with_view(alone, "without routing")
        one = Scenario(f"one of two {state}", Cause.HEALTHY, (fleet,), (to_phone("b1", state),))
        yield one
        yield Scenario(
            f"{state} at first sight",
            cause,
            (provider(number(ONE, state, state)),),
            polled_before=False,
        )
    none = Scenario("none", Cause.NO_BINDING, (provider({**number(), "bindings": []}),))
    yield none
    yield _with_view(none, "without routing")
    yield Scenario("unbound", Cause.NO_BINDING, (provider(number(ONE, "unbound", "unbound")),))
    worse = (to_phone("b1", "arrears"), to_phone("b2", "no_answer"))
    yield Scenario("the worse one", Cause.BINDING_ARREARS, (provider(number()),), worse)


def configurations() -> Iterator[Scenario]:
    """Causes in the configuration, and in changes of it."""
    for name, routing, caller, cause in CONFIGURED:
        fleet = provider(number(routing=routing), number(TWO))
        scenario = Scenario(name, cause, (fleet,), caller=caller)
        yield scenario
        yield scenario.with_noise("a smaller fault", to_phone("b2", "no_answer"))
        yield scenario.with_noise("unrelated drift", to_number({"routing.voicemail": True}))
        yield _with_view(scenario, "without phones")
    for name, values, caller in CHANGES:
        lines = calls(over_concurrency=0.5, answered=0.5) if "lines" in name else {}
        fleet = provider(number(**lines), number(TWO))
        scenario = Scenario(
            name, Cause.CONFIG_CHANGED, (fleet,), (to_number(values),), caller=caller
        )
        yield scenario
        yield scenario.with_noise("a smaller fault", to_phone("b2", "no_answer"))
        yield scenario.with_noise("stale data", failing("http_500", capability="balance"))
        if not lines:
            yield _with_view(scenario, "without phones")


def call_ends() -> Iterator[Scenario]:
    """Causes in the call records, with and without the states of phones."""
    for name, traffic, cause in ENDS:
        fleet = provider(number(**WELL), number(TWO, **WELL), number(THREE, **WELL))
        yield from _noisy(Scenario(name, cause, (fleet,), (to_number(traffic),)))
        at_once = provider(number(**traffic), number(TWO, **WELL))
        seen = Scenario(f"{name} at first sight", cause, (at_once,))
        yield seen
        yield _with_view(seen, "without routing")
    hasty = number(**calls(answered=1), routing={"wait_seconds": 6})
    hurried = Scenario("6 s", Cause.WAIT_TOO_SHORT, (provider(hasty, number(TWO)),))
    yield from _noisy(hurried)
    yield _with_view(hurried, "without states of phones")
    quiet = provider(number(routing={"wait_seconds": 4}), number(TWO))
    yield Scenario("4 s, no calls", Cause.WAIT_TOO_SHORT, (quiet,))
    single = number(ONE, "ok", **calls(abandoned=0.8, answered=0.2))
    yield Scenario(
        "20 s for a single phone", Cause.WAIT_TOO_SHORT, (provider(single, number(TWO)),)
    )
    brief = number(**calls(answered=1))
    brief["calls"]["talk_seconds"] = [1, 5]
    curt = Scenario("talks of 5 s", Cause.VOICE_QUALITY, (provider(brief, number(TWO)),))
    yield from _noisy(curt)
    yield _with_view(curt, "without states of phones")


def twilio() -> Iterator[Scenario]:
    """Causes at a provider that reports only the presence of numbers, and calls."""
    for name, traffic, cause in (
        ("no way through", calls(network=1), Cause.PROVIDER_LEG),
        ("half get through", calls(network=0.5, answered=0.5), Cause.PROVIDER_LEG),
        ("nobody answers", calls(no_answer=1), Cause.BINDING_NO_ANSWER),
        ("always busy", calls(busy=1), Cause.BINDING_BUSY),
        ("ordinary", WELL, Cause.HEALTHY),
        ("no calls", {}, Cause.HEALTHY),
    ):
        fleet = provider(
            number(**traffic), number(TWO, **WELL), number(THREE, **WELL), dialect="twilio"
        )
        scenario = Scenario(name, cause, (fleet,))
        yield scenario
        yield scenario.with_noise(
            "a smaller fault", to_number({"state": "suspended_violation"}, TWO)
        )
        yield scenario.with_noise("stale data", failing("http_500", capability="balance"))
    fleet = provider(number(), number(TWO), dialect="twilio")
    broke = (to_account({"balance": 1}),)
    yield Scenario("suspended, broke", Cause.NUMBER_SUSPENDED_ARREARS, (fleet,), broke)
    closed = (to_number({"state": "suspended_violation"}),)
    yield Scenario("one suspended", Cause.NUMBER_SUSPENDED_VIOLATION, (fleet,), closed)
    alone = provider(number(), dialect="twilio")
    yield Scenario("account suspended, funded", Cause.NUMBER_SUSPENDED_VIOLATION, (alone,), closed)
    gone = (to_number({"state": "reclaimed"}),)
    several = provider(*map(number, (ONE, TWO, THREE, FOUR)), dialect="twilio")
    yield Scenario("listed no more", Cause.NUMBER_RECLAIMED, (several,), gone, polls=2)
    unlisted = provider(number(listed=False), number(TWO), dialect="twilio")
    yield Scenario("never listed", Cause.UNKNOWN, (unlisted,))
    yield Scenario("silent", Cause.MONITORING_BLIND, (fleet,), (failing("http_500"),))
    yield Scenario("locked out", Cause.MONITORING_BLIND, (fleet,), (failing("auth"),))


def roots() -> Iterator[Scenario]:
    """Common roots of many numbers."""
    dead = [to_number({"network_state": "deactivated"}, name) for name in (ONE, TWO, THREE)]
    north = provider(number(), number(TWO), number(THREE), number("{t}4"))
    fine = provider(number(FIVE), number("{t}6"), suffix="b")
    hit = (*dead, to_number({"network_state": "deactivated"}, "{t}4"))
    scenario = Scenario("a provider's numbers", Cause.PROVIDER_OUTAGE, (north, fine), hit)
    yield from _noisy(scenario)
    yield Scenario("of a single provider", Cause.PROVIDER_OUTAGE, (north,), hit)
    for dialect in ("generic", "twilio"):
        noisy = calls(network=1)
        loud = provider(*(number(n, **noisy) for n in (ONE, TWO, THREE, FOUR)), dialect=dialect)
        well = provider(number(FIVE, **WELL), number("{n}6", **WELL), suffix="b", dialect=dialect)
        scenario = Scenario("calls to a provider's numbers", Cause.PROVIDER_OUTAGE, (loud, well))
        yield scenario
        yield scenario.with_noise("stale data", failing("http_500", capability="balance"))
        here = (number(ONE, **noisy), number(TWO, **noisy), number("{t}7", **WELL))
        there = (number(THREE, **noisy), number(FOUR, **noisy), number("{t}8", **WELL))
        both = (
            provider(*here, dialect=dialect),
            provider(*there, suffix="b", dialect=dialect),
        )
        scenario = Scenario("calls to a carrier's numbers", Cause.CARRIER_OUTAGE, both)
        yield scenario
        yield scenario.with_noise("stale data", failing("http_500", capability="balance"))
    sides = (
        provider(number(), number(TWO), number("{t}7")),
        provider(number(THREE), number(FOUR), number("{t}8"), suffix="b"),
    )
    hit = (*dead, to_number({"network_state": "deactivated"}, FOUR))
    yield from _noisy(Scenario("a carrier's numbers", Cause.CARRIER_OUTAGE, sides, hit))
    yield Scenario(
        "two of many",
        Cause.NETWORK_STATE_MISMATCH,
        sides,
        (dead[0], to_number({"network_state": "deactivated"}, "{t}7")),
    )


def undecided() -> Iterator[Scenario]:
    """Facts that decide nothing, and missing facts."""
    fleet = provider(number(), number(TWO))
    yield Scenario(
        "phones nobody knows", Cause.UNKNOWN, (provider(number(ONE, "unknown", "unknown")),)
    )
    yield Scenario(
        "one bad, one unknown", Cause.UNKNOWN, (provider(number(ONE, "arrears", "unknown")),)
    )
    yield Scenario(
        "a state without a word", Cause.UNKNOWN, (fleet,), (to_number({"state": "unknown"}),)
    )
    blind = (failing("http_500", capability="reachability"),)
    yield Scenario("the phones are not reported", Cause.UNKNOWN, (fleet,), blind)
    for kind in ("http_500", "auth", "bad_json", "error_200", "redirect", "wrong_type"):
        yield Scenario(kind, Cause.MONITORING_BLIND, (fleet,), (failing(kind),))
    down = (to_number({"state": "suspended_arrears"}), failing("http_500"))
    yield Scenario("broke and silent", Cause.MONITORING_BLIND, (fleet,), down)


PLAIN = "no noise"
NOISY_STEP = 6
HARD_STEP = 7
MAX_PLAIN = 4


def plain_cases() -> list[Scenario]:
    """The scenarios that any provider's interface can show."""
    tables = (numbers, money, phones, configurations, call_ends, twilio, roots, undecided)
    return [scenario for table in tables for scenario in table()]


def catalogue(*, whole: bool = True) -> list[Scenario]:
    """All scenarios; else four of each cause and view, every sixth with noise, some hard."""
    scenarios = plain_cases()
    hard = [scenario for table in hard_cases.TABLES for scenario in table()]
    if whole:
        return [*scenarios, *hard]
    noisy = [scenario for scenario in scenarios if scenario.noise != PLAIN]
    selected = {id(scenario) for scenario in noisy[::NOISY_STEP]}
    counts: Counter[tuple[str, str, str]] = Counter()
    for scenario in scenarios:
        side = scenario.cause, scenario.providers[0]["dialect"], scenario.view
        if scenario.noise == PLAIN and counts[side] < MAX_PLAIN:
            counts[side] += 1
            selected.add(id(scenario))
    return [*(it for it in scenarios if id(it) in selected), *hard[::HARD_STEP]]

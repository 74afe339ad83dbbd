"""Hard cases: callers heard it, it hits a part, parts are unknown, two faults at once."""

from collections.abc import Iterator
from dataclasses import replace

from agent.states import Cause, Party
from tests.diagnosis.worlds.scenario import (
    ONE,
    WELL,
    Said,
    Scenario,
    calls,
    failing,
    number,
    phone,
    provider,
    to_account,
    to_number,
    to_phone,
)

TWO, THREE, FOUR = "{n}2", "{n}3", "{n}4"
PROMPTS = (
    ("您拨打的号码已停机", Cause.BINDING_ARREARS),
    ("您好，您所拨打的号码是空号", Cause.BINDING_NONEXISTENT),
    ("您拨打的用户正在通话中，正忙", Cause.BINDING_BUSY),
    ("您拨打的用户已关机", Cause.BINDING_OFF),
    ("您拨打的用户无法接通", Cause.BINDING_OUT_OF_AREA),
    ("接通后无声音", Cause.VOICE_QUALITY),
    ("声音断断续续", Cause.VOICE_QUALITY),
    ("单通", Cause.VOICE_QUALITY),
    ("通话中断，掉线", Cause.VOICE_QUALITY),
    ("回铃后无人接", Cause.BINDING_NO_ANSWER),
    ("暂停服务", Cause.BINDING_BARRED),
    ("网络忙，请稍后再拨", Cause.PROVIDER_LEG),
    ("打不通", Cause.PROVIDER_LEG),
    ("the subscriber is powered off", Cause.BINDING_OFF),
    ("no sound at all", Cause.VOICE_QUALITY),
)
PARTIAL = (
    ("rejected", Cause.BINDING_REJECTED),
    ("busy", Cause.BINDING_BUSY),
    ("no_answer", Cause.BINDING_NO_ANSWER),
    ("off", Cause.BINDING_OFF),
    ("out_of_area", Cause.BINDING_OUT_OF_AREA),
    ("network", Cause.PROVIDER_LEG),
    ("over_concurrency", Cause.CAPACITY_EXCEEDED),
)
SHARES = (0.4, 0.5, 0.6, 0.7)
SPELLINGS = ("+86 139 0000 1111", "0086-139-0000-1111", "013900001111", "8613900001111")
LANDLINES = ("+86 22 8888 1111", "0086-22-88881111", "022-88881111", "(022) 8888 1111")
UNKNOWN_TARGETS = ("skillgroup:7", "ext:801", "binding:b9", "menu:sales")
FAILING_PHONES = (
    ("out_of_area", Cause.BINDING_OUT_OF_AREA),
    ("off", Cause.BINDING_OFF),
    ("no_answer", Cause.BINDING_NO_ANSWER),
)


def three(prompt: str) -> tuple[Said, ...]:
    """Three callers who heard the same."""
    return tuple(Said(prompt, who) for who in "abc")


def noisy(scenario: Scenario) -> Iterator[Scenario]:
    """The scenario without noise, with a fault of another number, and with stale facts."""
    yield scenario
    yield scenario.with_noise("a smaller fault", to_phone("b2", "no_answer", TWO))
    yield scenario.with_noise("stale data", failing("http_500", capability="balance"))


def reported() -> Iterator[Scenario]:
    """What callers heard of a number that its interface calls well."""
    for prompt, cause in PROMPTS:
        unlimited = {"wait_seconds": 20}
        fleet = provider(number(routing=unlimited), number(TWO))
        scenario = Scenario(prompt, cause, (fleet,), reports=three(prompt))
        yield from noisy(scenario)
        one = (Said(prompt, "a"),)
        yield replace(scenario, name=f"{prompt}, one caller", reports=one)
        yield replace(scenario, view="without phones")
    plain = provider(number(), number(TWO))
    yield Scenario("no words", Cause.UNKNOWN, (plain,), reports=three("请处理"))
    silent = (failing("http_500"),)
    yield Scenario(
        "停机, silent", Cause.NUMBER_SUSPENDED_ARREARS, (plain,), silent, reports=three("停机")
    )


def of_callers() -> Iterator[Scenario]:
    """Complaints of callers whom a rule stops, and questions about one caller."""
    listed = {"blacklist": ["13900001111"]}
    white = {"whitelist": {"enabled": True, "entries": ["138", "137", "136"]}}
    for spelling in SPELLINGS:
        for routing, cause in (
            (listed, Cause.LIST_BLOCKS_CALLER),
            (white, Cause.WHITELIST_BLOCKS_CALLER),
        ):
            fleet = provider(number(routing=routing), number(TWO))
            yield Scenario(f"asked as {spelling}", cause, (fleet,), caller=spelling)
            said = (Said("无权拨打", "a", "13900001111"),)
            yield from noisy(Scenario("无权拨打", cause, (fleet,), reports=said))
    for spelling in LANDLINES:
        fleet = provider(number(routing={"region_deny": ["022"]}), number(TWO))
        cause = Cause.REGION_BLOCKS_CALLER
        yield from noisy(Scenario(f"asked as {spelling}", cause, (fleet,), caller=spelling))
        said = (Said("您要的电话忙", "a", "02288881111"),)
        yield Scenario("region, complained", cause, (fleet,), reports=said)
    for caller in ("+85291234567", "0012125550100", "4008110001"):
        plain = provider(number(), number(TWO))
        yield Scenario(
            f"from {caller}",
            Cause.UNKNOWN,
            (plain,),
            caller=caller,
            expected_party=Party.CALLER,
        )


def partial() -> Iterator[Scenario]:
    """Faults that hit a part of the calls."""
    for result, cause in PARTIAL:
        for share in SHARES:
            traffic = calls(960, **{result: share, "answered": 1 - share})
            fleet = provider(number(**WELL), number(TWO, **WELL), number(THREE, **WELL))
            scenario = Scenario(f"{share} {result}", cause, (fleet,), (to_number(traffic),))
            yield scenario
            yield scenario.with_noise("stale data", failing("http_500", capability="balance"))
            at_once = provider(number(**traffic), number(TWO, **WELL))
            yield Scenario(f"{share} {result} at first sight", cause, (at_once,))
    for share in (0.02, 0.05, 0.08):
        mild = calls(960, no_answer=share, answered=1 - share)
        yield Scenario(f"{share} ordinary", Cause.HEALTHY, (provider(number(**mild)),))


def unknown_parts() -> Iterator[Scenario]:
    """Parts of a configuration that no adapter knows."""
    for target in UNKNOWN_TARGETS:
        menu = [{"menu": "main", "key": "1", "target": target}]
        fleet = provider(number(routing={"menu": menu}), number(TWO))
        yield from noisy(Scenario(f"a menu to {target}", Cause.UNKNOWN, (fleet,)))
        answering = provider(number(routing={"menu": menu}, **WELL), number(TWO))
        yield Scenario(f"a menu to {target}, answered", Cause.HEALTHY, (answering,))


def carriers_of_phones() -> Iterator[Scenario]:
    """Bound phones of one carrier that fail together, and phones that fail alone."""
    for state, cause in FAILING_PHONES:
        sides = provider(
            *(_single(name, "mobile") for name in (ONE, TWO, THREE)),
            *(_single(name, "unicom") for name in (FOUR, "{n}5", "{n}6")),
        )
        events = tuple(to_phone("b1", state, name) for name in (ONE, TWO, THREE))
        together = Scenario(
            f"phones of a carrier {state}",
            cause,
            (sides,),
            events,
            expected_party=Party.BINDING_CARRIER,
        )
        yield together
        balance = failing("http_500", capability="balance")
        yield together.with_noise("stale data", balance)
        alone = Scenario(f"one phone {state}", cause, (sides,), events[:1])
        yield alone
        yield alone.with_noise("another carrier's", to_phone("b1", state, FOUR))


def _single(name: str, carrier: str) -> dict[str, object]:
    digits = f"138{{p}}{name[-1]}1"
    bound = phone(1, phone=digits, carrier=carrier)
    return {**number(name, routing={"wait_seconds": 55}), "bindings": [bound]}


def limits() -> Iterator[Scenario]:
    """Busy calls at a limit that is configured, and without one."""
    traffic = calls(960, busy=0.5, answered=0.5)
    for name, routing in (
        ("forwarded landing", {"landing_forwarded": True}),
        ("full trunk", {"trunk_capacity": 4, "trunk_peak": 4}),
    ):
        fleet = provider(number(routing=routing, **traffic), number(TWO))
        yield from noisy(Scenario(name, Cause.CAPACITY_EXCEEDED, (fleet,)))
    idle = {"trunk_capacity": 30, "trunk_peak": 3}
    fleet = provider(number(routing=idle, **traffic), number(TWO))
    yield from noisy(Scenario("an idle trunk", Cause.BINDING_BUSY, (fleet,)))


def two_faults() -> Iterator[Scenario]:
    """Two faults at once: the root is the cause."""
    fleet = provider(number(**WELL), number(TWO, **WELL), number(THREE, **WELL))
    dead = (to_phone("b1", "off"), to_phone("b2", "arrears"))
    suspended = to_number({"state": "suspended_violation"})
    for name, events, cause in (
        ("closed, phones dead", (suspended, *dead), Cause.NUMBER_SUSPENDED_VIOLATION),
        (
            "network lost, phones dead",
            (to_number({"network_state": "deactivated"}), *dead),
            Cause.NETWORK_STATE_MISMATCH,
        ),
        (
            "broke, one phone dead",
            (to_account({"balance": 9.8}), dead[0]),
            Cause.NUMBER_SUSPENDED_ARREARS,
        ),
        (
            "phones dead, calls fail",
            (*dead, to_number(calls(network=0.9, answered=0.1))),
            Cause.BINDING_ARREARS,
        ),
    ):
        scenario = Scenario(name, cause, (fleet,), events)
        yield from noisy(scenario)
        yield replace(scenario, name=f"{name}, heard", reports=three("停机"))
        yield replace(scenario, name=f"{name}, heard otherwise", reports=three("断断续续"))


def missing_facts() -> Iterator[Scenario]:
    """Answered calls where other facts are missing, and silence where they are not."""
    fleet = provider(number(**WELL), number(TWO, **WELL))
    quiet = provider(number(), number(TWO))
    for kind in ("http_500", "auth", "bad_json"):
        phones = (failing(kind, capability="reachability"),)
        yield Scenario(f"answered, phones {kind}", Cause.HEALTHY, (fleet,), phones)
        yield Scenario(f"quiet, phones {kind}", Cause.UNKNOWN, (quiet,), phones)
        listing = (failing(kind, capability="numbers"),)
        yield Scenario(f"answered, listing {kind}", Cause.HEALTHY, (fleet,), listing)
        yield Scenario(f"quiet, listing {kind}", Cause.MONITORING_BLIND, (quiet,), listing)


TABLES = (
    reported,
    of_callers,
    partial,
    unknown_parts,
    carriers_of_phones,
    limits,
    two_faults,
    missing_facts,
)

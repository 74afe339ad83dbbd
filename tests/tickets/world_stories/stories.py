"""Sixty stories: who is hit by what, and which tickets stand an hour later."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

from agent.states import NetworkState, NumberState
from tests.tickets.world_stories.faults import FAULTS, QUIET, Fault, empty, explains, paid
from tests.tickets.world_stories.world import Account, Hotline

BEGIN, OBSERVED, END, OVER = 10, 75, 80, 130
"""Minutes: when faults begin, when tickets are counted, when faults end, and when all is over."""
NUMBERS = 5
"""Hotlines of each account; the last one is never touched."""

Event = Callable[[list[Account]], None]


@dataclass(frozen=True, order=True)
class Expected:
    """A ticket that stands, and the numbers among its members."""

    symptom: str
    severity: str
    scope: str
    members: frozenset[int] = frozenset()
    """Positions of the hotlines in their accounts; only for what is wider than a number."""


@dataclass
class Story:
    """What happens by the minute, and what is expected."""

    name: str
    events: dict[int, list[Event]] = field(default_factory=dict)
    expected: list[Expected] = field(default_factory=list)
    accounts: int = 1
    """At so many providers."""
    carrier: bool = False
    """Whether the hotlines are all on one base carrier, which no other story has."""
    healed: int = END
    """The minute before which nothing may be said to be restored."""
    resolution: str = ""

    def at(self, minute: int, event: Event) -> "Story":
        self.events.setdefault(minute, []).append(event)
        return self


def hotline(accounts: list[Account], place: int, account: int = 0) -> Hotline:
    return list(accounts[account].hotlines.values())[place]


def begin(fault: Fault, *places: int, account: int = 0) -> Event:
    return partial(_change, change=fault.begin, places=places, account=account)


def end(fault: Fault, *places: int, account: int = 0) -> Event:
    return partial(_change, change=fault.end, places=places, account=account)


def _change(
    accounts: list[Account],
    change: Callable[[Hotline], None],
    places: Iterable[int],
    account: int = 0,
) -> None:
    for place in places:
        change(hotline(accounts, place, account))


def _alone(fault: Fault) -> Expected:
    return Expected(fault.symptom, fault.severity, fault.scope)


def _hit(name: str, fault: Fault, *places: int, at: int = BEGIN) -> Story:
    story = Story(name)
    return story.at(at, begin(fault, *places)).at(END, end(fault, *places))


def singles() -> Iterator[Story]:
    """Each fault by itself."""
    for name, fault in FAULTS.items():
        story = _hit(name, fault, 0)
        story.expected = [_alone(fault)]
        yield story


PAIRED = (
    *("suspended_violation", "dead in the network", "phones off", "one phone suspended"),
    *("nobody answers", "lines busy", "no real name", "wait changed"),
)


def pairs() -> Iterator[Story]:
    """Two faults of one number at once: one ticket where one explains the other."""
    for one, other in combinations(PAIRED, 2):
        first, second = FAULTS[one], FAULTS[other]
        if first.about == second.about:
            continue
        story = _hit(f"{one} and {other}", first, 0)
        story.at(BEGIN, begin(second, 0)).at(END, end(second, 0))
        both = [_alone(first), _alone(second)]
        story.expected = both[:1] if explains(first, second) else both
        yield story


def several() -> Iterator[Story]:
    """Faults of several numbers: one where they share a cause and a time."""
    hit = (0, 1, 2, 3)
    for name, symptom, scope in (
        ("suspended_violation", "provider_outage", "provider"),
        ("dead in the network", "provider_outage", "provider"),
        ("frozen", "numbers_frozen", "account"),
        ("expired", "numbers_expired", "account"),
        ("phones suspended", "phones_unreachable", "account"),
        ("no real name", "numbers_realname", "account"),
    ):
        story = _hit(f"{name} at four", FAULTS[name], *hit)
        story.expected = [Expected(symptom, "critical", scope, frozenset(hit))]
        yield story
    for name in ("suspended_violation", "phones off", "nobody answers"):
        story = _hit(f"{name} at two", FAULTS[name], 0, 1)
        story.expected = [_alone(FAULTS[name])] * 2
        yield story
    early = _hit("one long before the others", FAULTS["suspended_violation"], 0, at=BEGIN)
    early.at(BEGIN + 25, begin(FAULTS["suspended_violation"], 1, 2, 3))
    early.at(END, end(FAULTS["suspended_violation"], 1, 2, 3))
    early.expected = [
        _alone(FAULTS["suspended_violation"]),
        Expected("provider_outage", "critical", "provider", frozenset({1, 2, 3})),
    ]
    yield early
    for other in ("phones off", "nobody answers", "wait changed"):
        story = _hit(f"an outage and {other}", FAULTS["dead in the network"], 0, 1, 2)
        story.at(BEGIN, begin(FAULTS[other], 3)).at(END, end(FAULTS[other], 3))
        story.expected = [
            Expected("provider_outage", "critical", "provider", frozenset({0, 1, 2})),
            _alone(FAULTS[other]),
        ]
        yield story
    carrier = Story("a carrier at two providers", accounts=2, carrier=True)
    for account in (0, 1):
        carrier.at(BEGIN, begin(FAULTS["dead in the network"], 0, 1, account=account))
        carrier.at(END, end(FAULTS["dead in the network"], 0, 1, account=account))
    carrier.expected = [Expected("carrier_outage", "critical", "carrier", frozenset({0, 1}))]
    yield carrier
    two = Story("each provider by itself", accounts=2)
    for account in (0, 1):
        two.at(BEGIN, begin(FAULTS["frozen"], 0, 1, 2, account=account))
        two.at(END, end(FAULTS["frozen"], 0, 1, 2, account=account))
    two.expected = [Expected("numbers_frozen", "critical", "account", frozenset({0, 1, 2}))] * 2
    yield two


def _calls_at(name: str, *faults: str) -> Story:
    """Each of the first numbers with a fault of its calls."""
    story = Story(name)
    for place, fault in enumerate(faults):
        story.at(BEGIN, begin(FAULTS[fault], place)).at(END, end(FAULTS[fault], place))
    return story


def badly_reached() -> Iterator[Story]:
    """Numbers whose calls end badly: together only for the same reason."""
    hit = frozenset({0, 1, 2, 3})
    story = _calls_at("nobody answers at four", *["nobody answers"] * 4)
    story.expected = [Expected("numbers_answer_rate", "warning", "account", hit)]
    yield story
    story = _calls_at("calls get lost at four", *["calls do not get through"] * 4)
    story.expected = [Expected("numbers_answer_rate", "warning", "account", hit)]
    yield story
    story = _calls_at(
        "calls of three are lost in three ways",
        *("nobody answers", "calls do not get through", "too many calls"),
    )
    story.expected = [
        Expected("answer_rate", "warning", "number"),
        Expected("answer_rate", "warning", "number"),
        Expected("busy_rate", "warning", "number"),
    ]
    yield story
    story = _calls_at("lines busy at four on one trunk", *["lines busy"] * 4)
    story.at(0, _on_one_trunk)
    story.expected = [Expected("landing_down", "warning", "trunk", hit)]
    yield story


def _on_one_trunk(accounts: list[Account]) -> None:
    for it in accounts[0].hotlines.values():
        it.trunk = "t1"


def money() -> Iterator[Story]:
    """Accounts without money."""
    everybody = frozenset(range(NUMBERS))
    story = Story("no money left").at(BEGIN, lambda accounts: empty(accounts[0]))
    story.at(END, lambda accounts: paid(accounts[0]))
    story.expected = [Expected("balance", "critical", "account", everybody)]
    yield story
    story = Story("no money left, one for another reason")
    story.at(BEGIN, lambda accounts: empty(accounts[0]))
    story.at(BEGIN, begin(FAULTS["suspended_violation"], 0))
    story.at(END, lambda accounts: paid(accounts[0]))
    story.expected = [
        Expected("balance", "critical", "account", everybody - {0}),
        _alone(FAULTS["suspended_violation"]),
    ]
    yield story
    story = Story("little money").at(BEGIN, lambda accounts: setattr(accounts[0], "balance", 30.0))
    story.at(END, lambda accounts: paid(accounts[0]))
    story.expected = [Expected("balance", "warning", "account")]
    yield story


def _fails(failing: bool) -> Event:
    return lambda accounts: setattr(accounts[0], "failing", failing)


def blind() -> Iterator[Story]:
    """Interfaces that fail: nothing is known to be over."""
    story = Story("the interface fails").at(BEGIN, _fails(True)).at(END, _fails(False))
    story.expected = [Expected("provider_api", "critical", "provider")]
    yield story
    story = _hit("it fails while a number is down", FAULTS["suspended_violation"], 0, at=BEGIN - 5)
    story.at(BEGIN, _fails(True)).at(END, _fails(False))
    story.expected = [
        Expected("provider_api", "critical", "provider"),
        _alone(FAULTS["suspended_violation"]),
    ]
    yield story
    story = Story("it recovers unseen").at(BEGIN - 5, begin(FAULTS["suspended_violation"], 0))
    story.at(BEGIN, _fails(True)).at(BEGIN + 20, end(FAULTS["suspended_violation"], 0))
    story.at(END, _fails(False))
    story.expected = [
        Expected("provider_api", "critical", "provider"),
        _alone(FAULTS["suspended_violation"]),
    ]
    yield story


def _listed(*places: int, is_listed: bool) -> Event:
    def change(it: Hotline) -> None:
        it.listed = is_listed

    return partial(_change, change=change, places=places)


def _taken_back(accounts: list[Account]) -> None:
    it = hotline(accounts, 0)
    it.state, it.network, it.phones = NumberState.RECLAIMED, NetworkState.DELETED, {}


def gone() -> Iterator[Story]:
    """Numbers that leave their account for good."""
    story = Story("a number is not listed any more", resolution="gone").at(
        BEGIN, _listed(0, is_listed=False)
    )
    story.expected = [Expected("number_down", "critical", "number")]
    yield story
    story = Story("three are not listed any more", resolution="gone").at(
        BEGIN, _listed(0, 1, 2, is_listed=False)
    )
    lost = frozenset({0, 1, 2})
    story.expected = [Expected("numbers_reclaimed", "critical", "account", lost)]
    yield story
    story = Story("a number is taken back", resolution="gone").at(BEGIN, _taken_back)
    story.expected = [Expected("number_down", "critical", "number")]
    yield story


def quiet() -> Iterator[Story]:
    """What is no fault, or is over before it counts."""
    for name, change in QUIET.items():
        yield Story(name).at(BEGIN, lambda accounts, it=change: it(hotline(accounts, 0)))
    story = (
        Story("one listing lacks a number")
        .at(BEGIN, _listed(0, is_listed=False))
        .at(BEGIN + 1, _listed(0, is_listed=True))
    )
    yield story
    story = Story("a minute out of service")
    story.at(BEGIN, begin(FAULTS["suspended_requested"], 0))
    story.at(BEGIN + 1, end(FAULTS["suspended_requested"], 0))
    yield story


def flapping() -> Iterator[Story]:
    """Faults that come and go are one ticket."""
    fault = FAULTS["suspended_violation"]
    story = Story("it comes and goes")
    for minute in (BEGIN, BEGIN + 8, BEGIN + 16):
        story.at(minute, begin(fault, 0)).at(minute + 7, end(fault, 0))
    story.at(BEGIN + 24, begin(fault, 0)).at(END, end(fault, 0))
    story.expected = [_alone(fault)]
    yield story


def stories() -> list[Story]:
    """All of them."""
    makers = (singles, pairs, several, badly_reached, money, blind, gone, quiet, flapping)
    return [story for make in makers for story in make()]

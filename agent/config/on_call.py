"""The on-call rota, the ladder that is climbed until somebody acts, and quiet hours."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from agent.config.notification import NotificationSettings
from agent.config.section import Moment, Section
from agent.config.sinks import SINK_CONFIGURATIONS
from agent.config.unvalidated import UnvalidatedConfig
from agent.states import Grade, Severity
from agent.yamlfile.paths import KeyPath, select
from agent.yamlfile.problems import Problem
from agent.yamlfile.values import Duration, Name

ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A time of day such as ``"22:00"``, in quotes."""
_PHONE_KINDS = tuple(
    kind
    for kind, item in SINK_CONFIGURATIONS.items()
    if issubclass(item.section, NotificationSettings)
)
"""The kinds of sinks that reach single people."""
_USERS = (
    ("on_call", "ladder", "*", "sinks"),
    *((section, "sinks") for section in ("customers", "command", "dispatch")),
)
"""Where sinks are named that tell single people."""


class Override(Section):
    """A time in which somebody else is on call."""

    since: Moment
    """When it begins, in the agent's ``timezone``."""
    until: Moment
    """When it ends."""
    person: Name
    """Who is on call meanwhile."""


class Rota(Section):
    """Who is on call: people take turns of a week."""

    people: Annotated[list[Name], Field(min_length=1, max_length=50)]
    """Names of receivers in the order of their turns."""
    begins: Moment
    """A hand-over, such as ``2026-11-02T09:00``: the first person's turn begins. Every week later,
    at the same time of day in the agent's ``timezone``, the next person's does."""
    overrides: Annotated[list[Override], Field(max_length=500)] = Field(default=[])
    """Times in which somebody else is on call; of two at once the later in the list holds."""


class LadderStep(Section):
    """Who is told when nobody has acted for a while."""

    after: Annotated[Duration, Field(ge=0, le=86_400)]
    """How long after the detection; longer from step to step."""
    sinks: Annotated[list[Name], Field(min_length=1, max_length=10)]
    """The sinks that tell the person: kinds of SMS or calls, each with a receiver of that name."""
    turn: Annotated[int, Field(ge=0, le=49)] = 0
    """0 tells who is on call, 1 the person whose turn is next, and so on."""


class QuietHours(Section):
    """When nobody is woken for what can wait; critical tickets are told all the same."""

    since: ClockTime
    """When they begin each day, in the agent's ``timezone``."""
    until: ClockTime
    """When they end and what was held is told; before ``since`` it is on the next day."""
    grades: list[Grade] = Field(default=[Grade.A, Grade.STANDARD])
    """The grades whose tickets are held."""


class OnCall(Section):
    """Who is told of a ticket that nobody has accepted, step by step."""

    rota: Rota
    """Who is on call."""
    ladder: Annotated[list[LadderStep], Field(min_length=1, max_length=20)]
    """The steps; accepting or assigning the ticket ends them."""
    quiet_hours: QuietHours | None = None
    """When tickets that can wait are held."""
    severity: Severity = Severity.WARNING
    """The least severity of a ticket that is told."""


def on_call_is_consistent(config: UnvalidatedConfig) -> Iterator[Problem]:
    """Steps grow, sinks of the ladder reach everybody who may be on call, overrides end."""
    yield from _ladder_uses_its_sinks(config.data)
    for path, section in select(config.data, "on_call"):
        if isinstance(section, dict):
            yield from _steps_grow(path, section)
            yield from _overrides_end(path, section)
            yield from _quiet_hours_end(path, section)
            yield from _sinks_reach_people(path, section, config.data)


def _steps_grow(path: KeyPath, section: object) -> Iterator[Problem]:
    written = list(select(section, "ladder", "*", "after", at=path))
    numbers = [(at, after) for at, after in written if isinstance(after, int | float)]
    for (_, before), (at, after) in pairwise(numbers):
        if after <= before:
            yield Problem(at, "is not later than the step before it, expected a longer time")


def _overrides_end(path: KeyPath, section: object) -> Iterator[Problem]:
    for at, override in select(section, "rota", "overrides", "*", at=path):
        if not isinstance(override, dict):
            continue
        try:
            since, until = (
                datetime.fromisoformat(str(override[key])).replace(tzinfo=None)
                for key in ("since", "until")
            )
        except (KeyError, ValueError):
            continue  # Reported where values are validated.
        if until <= since:
            yield Problem((*at, "until"), "is not after since, expected a later time")


def _quiet_hours_end(path: KeyPath, section: object) -> Iterator[Problem]:
    for at, quiet in select(section, "quiet_hours", at=path):
        if isinstance(quiet, dict) and quiet.get("since") == quiet.get("until") is not None:
            text = "is the same as since, so that tickets are held for ever; expected another time"
            yield Problem((*at, "until"), text)


def _ladder_uses_its_sinks(data: object) -> Iterator[Problem]:
    used = {name for keys in _USERS for _, name in select(data, *keys, "*")}
    for at, sink in select(data, "sinks", "*"):
        if not isinstance(sink, dict):
            continue
        for kind in _PHONE_KINDS:
            for key, only in select(sink, kind, "on_call_only", at=at):
                if only is True and sink.get("name") not in used:
                    text = "is true and no step of on_call.ladder names this sink: it tells nobody"
                    yield Problem(key, f"{text}; name it there or remove this key")


def _sinks_reach_people(path: KeyPath, section: object, data: object) -> Iterator[Problem]:
    receivers = _receivers(data)
    people = {
        name
        for where in (("rota", "people", "*"), ("rota", "overrides", "*", "person"))
        for _, name in select(section, *where)
        if isinstance(name, str)
    }
    for at, sink in select(section, "ladder", "*", "sinks", "*", at=path):
        if not isinstance(sink, str):
            continue
        if sink not in receivers:
            kinds = ", ".join(_PHONE_KINDS)
            yield Problem(
                at, f"{sink} is no sink that reaches people, expected one of kind {kinds}"
            )
        elif missing := sorted(people - receivers[sink]):
            text = f"{sink} has no receiver {', '.join(missing)}, add it to the sink's receivers"
            yield Problem(at, text)


def _receivers(data: object) -> dict[str, set[str]]:
    """The names of the receivers of every sink that reaches people."""
    found: dict[str, set[str]] = {}
    for _, sink in select(data, "sinks", "*"):
        kind = sink.get("kind") if isinstance(sink, dict) else None
        if isinstance(sink, dict) and kind in _PHONE_KINDS:
            names = select(sink, str(kind), "receivers", "*", "name")
            found[str(sink.get("name"))] = {name for _, name in names if isinstance(name, str)}
    return found

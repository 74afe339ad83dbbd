"""How the work on tickets is followed up: nudges, appointments, conduct on site."""

from typing import Annotated

from pydantic import Field

from agent.config.section import Section
from agent.config.service import Hours
from agent.states import Grade
from agent.yamlfile.values import Duration, Name

_DAY = 86_400


class Conduct(Section):
    """What is expected of whoever visits a customer (docs/reference/domain.md §3)."""

    early: Annotated[Duration, Field(ge=0, le=7200)] = 300.0
    """How long before the hour agreed staff arrive at the latest."""
    earliest: Annotated[Duration, Field(ge=0, le=7200)] = 600.0
    """How long before the hour agreed they arrive at the earliest."""
    reschedule: Annotated[Duration, Field(ge=0, le=_DAY)] = 7200.0
    """How long before the hour agreed another one is agreed at the latest."""
    wait: Annotated[Duration, Field(ge=0, le=_DAY)] = 900.0
    """How long staff wait for a customer who is absent."""
    quiet_hours: Annotated[list[Hours], Field(max_length=10)] = Field(
        default=["00:00-08:30", "12:00-14:30", "21:00-24:00"]
    )
    """When customers are neither called nor visited for what is not critical."""


class Dispatch(Section):
    """How tickets are followed up on which somebody works, or nobody does."""

    stalled_after: Annotated[Duration, Field(ge=1, le=30 * _DAY)] = 14_400.0
    """After how long without movement somebody is reminded: an act of a person, a ticket system
    or the provider is movement, what the agent notes is not."""
    stalled_after_by_grade: dict[Grade, Annotated[Duration, Field(ge=1, le=30 * _DAY)]] = Field(
        default={Grade.AAA: 3600.0, Grade.AA: 7200.0}
    )
    """The same by grade; a grade that is not listed has ``stalled_after``."""
    again: Annotated[Duration, Field(ge=1, le=30 * _DAY)] = 3600.0
    """How long after each reminder the next person is."""
    steps: Annotated[int, Field(ge=0, le=20)] = 3
    """Reminders until something moves: first the assignee, then who is on call in the order of the
    rota. 0 reminds nobody."""
    sinks: Annotated[list[Name], Field(max_length=10)] = Field(default=[])
    """The sinks of SMS or calls that remind people, each a receiver there by the name that the
    ticket is assigned to. Without any, and where nobody has that name, the timeline says it."""
    reminders: Annotated[
        list[Annotated[Duration, Field(ge=60, le=7 * _DAY)]], Field(max_length=5)
    ] = Field(default=[7200.0, 1800.0])
    """How long before an appointment its assignee is reminded of it."""
    conduct: Conduct = Conduct()
    """What is expected of whoever visits a customer."""

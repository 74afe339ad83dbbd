"""Who is told of a fault besides those who repair it: customers, and who commands.

See docs/reference/domain.md §3 (severe faults, grades, etiquette).
"""

from typing import Annotated

from pydantic import Field

from agent.config.section import Section
from agent.config.service import Hours
from agent.states import Grade, Severity
from agent.yamlfile.values import Duration, Name

Names = Annotated[list[Name], Field(max_length=50)]


class Customers(Section):
    """Telling the customers behind a fault of it, and of its end, before they complain."""

    sinks: Annotated[list[Name], Field(max_length=10)] = Field(default=[])
    """The sinks that tell them: SMS and calls reach the contacts of the inventory, group bots and
    webhooks are sent the list of companies. Without any nobody is told."""
    automatic: bool = False
    """Whether the agent tells them by itself; otherwise an operator does, on the ticket's page."""
    after: Annotated[Duration, Field(ge=0, le=86_400)] = 300.0
    """How long a fault must have lasted before the agent tells them by itself."""
    severity: Severity = Severity.CRITICAL
    """The least severity of a ticket whose customers the agent tells by itself."""
    grades: list[Grade] = Field(default=list(Grade))
    """The grades of the customers that are told."""
    at_most: Annotated[int, Field(ge=1, le=2000)] = 200
    """Contacts that are told of one ticket, those of the best grade first."""
    quiet_hours: Annotated[list[Hours], Field(max_length=10)] = Field(
        default=["00:00-08:30", "12:00-14:30", "21:00-24:00"]
    )
    """When the agent tells nobody of what is not critical, in the agent's ``timezone``."""


class Command(Section):
    """Who commands a severe fault and who watches a city's, told once each."""

    sinks: Annotated[list[Name], Field(max_length=10)] = Field(default=[])
    """The sinks of SMS or calls that tell them; each has a receiver of every name below."""
    province: Names = Field(default=[])
    """The province's monitoring room, which commands severe faults."""
    cities: Annotated[dict[str, Names], Field(max_length=500)] = Field(default={})
    """Who watches the faults of a city, by the city's name in the inventory."""
    city_numbers: Annotated[int, Field(ge=1, le=100_000)] = 3
    """From how many numbers of one city on a critical fault is the city's, before it is severe;
    the last working number of an important customer there makes it one, too."""
    leaders: dict[Grade, Names] = Field(default={})
    """Who is told of a severe fault by the best grade of the customers behind it: department
    leaders for AAA, team leads for AA. A grade without anybody tells nobody."""
    important_only: bool = True
    """Whether leaders are told of important customers alone."""

"""The configuration of inspections and of onboarding."""

from typing import Annotated, Final

from pydantic import Field

from agent.config.section import Section
from agent.states import Grade
from agent.yamlfile.values import Duration, Name

_DAY: Final = 86_400.0
MOST_CHECKS: Final = 20
Check = Annotated[str, Field(min_length=1, max_length=200)]


class InspectionPlan(Section):
    """Which numbers are inspected, and how often; what names nothing covers every number."""

    name: Name
    """Its name on pages and in reports; unique."""
    every: Annotated[Duration, Field(ge=_DAY, le=3660 * _DAY)] = 90 * _DAY
    """The time from one inspection of a number to the next."""
    within: Annotated[Duration, Field(ge=_DAY, le=366 * _DAY)] = 14 * _DAY
    """How long people have for an inspection; after that it is overdue."""
    providers: list[Name] = Field(default=[])
    """Only numbers of these providers."""
    numbers: list[str] = Field(default=[])
    """Only these numbers."""
    companies: list[str] = Field(default=[])
    """Only numbers of these companies, as the provider or the inventory names them."""
    grades: list[Grade] = Field(default=[])
    """Only numbers of these grades."""
    checks: list[Check] = Field(default=[], max_length=MOST_CHECKS)
    """What people look at beside the usual rows, a sentence each."""


class Inspections(Section):
    """Routine inspections, and what is checked before a number is taken over."""

    plans: list[InspectionPlan] = Field(default=[], max_length=50)
    """Without any, only inspections that people begin."""
    onboarding_within: Annotated[Duration, Field(ge=_DAY, le=366 * _DAY)] = 30 * _DAY
    """How long the onboarding of a number may take; after that it is overdue."""
    onboarding_checks: list[Check] = Field(default=[], max_length=MOST_CHECKS)
    """What is checked before a take-over beside the usual rows, a sentence each."""

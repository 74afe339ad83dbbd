"""The configuration of acceptances: at which hours a number is called from every line."""

from typing import Annotated

from pydantic import Field

from agent.config.section import Section
from agent.config.service import Hours
from agent.yamlfile.values import Duration


class Acceptance(Section):
    """The test calls by which a number is accepted: from every caller, at several hours."""

    hours: Annotated[list[Hours], Field(min_length=1, max_length=6)] = Field(
        default=["08:00-12:00", "12:00-17:00", "17:00-20:00"]
    )
    """The parts of the day in each of which every caller calls, in the agent's ``timezone``."""
    calls: Annotated[int, Field(ge=1, le=5)] = 1
    """How many calls of a caller must get through in each part of the day."""
    within: Annotated[Duration, Field(ge=3600, le=90 * 86_400)] = 14 * 86_400.0
    """The time over which the calls of an acceptance may be spread."""

"""When call records say that a bound phone cannot be reached."""

from typing import Annotated

from pydantic import Field

from agent.config.section import Section
from agent.yamlfile.values import Duration


class Reachability(Section):
    """When call records say that a bound phone cannot be reached.

    They are asked only about phones of which the provider itself tells no state.
    """

    streak: Annotated[int, Field(ge=1, le=8)] = 3
    """Calls in a row that must have failed the same way."""
    window: Annotated[Duration, Field(ge=60)] = 1800.0
    """Older records count no more."""

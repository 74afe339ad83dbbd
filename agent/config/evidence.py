"""What is kept of a fault for later, and for how long."""

from typing import Annotated

from pydantic import Field

from agent.config.section import Section
from agent.yamlfile.values import Duration


class Evidence(Section):
    """What is kept of a fault for later, and for how long."""

    enabled: bool = True
    """Whether providers' answers and the series are kept when a ticket opens and recovers."""
    keep: Annotated[Duration, Field(ge=86_400)] = 400 * 86_400.0
    """How long evidence is kept; older evidence is deleted once a day."""
    issuing_unit: str = ""
    """Who issues confirmation sheets: your company's or department's name."""

"""The configuration of reports: what counts as a repetition."""

from typing import Annotated, Final

from pydantic import Field

from agent.config.section import Section
from agent.yamlfile.values import Duration

_DAY: Final = 86_400


class Reports(Section):
    """Fault statistics and other reports of a month or a quarter."""

    repeat_within: Annotated[Duration, Field(ge=_DAY, le=366 * _DAY)] = 30.0 * _DAY
    """A fault of the same number and category within this time counts as repeated."""

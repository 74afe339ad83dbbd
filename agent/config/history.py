"""The configuration of the history that plots and forecasts are drawn from.

What it costs on disk is in ``docs/history.md``: about 16 bytes for every result that a number's
calls had in an hour, 20 for every change of its reachable phones, and nothing where nothing
happens.
"""

from typing import Annotated, Final

from pydantic import Field

from agent.config.section import Section
from agent.yamlfile.values import Duration

_DAY: Final = 86_400
LEAST_KEPT: Final = _DAY
"""Seconds; the page of an account shows a day at least, and a forecast needs three of them, with
less it is unknown."""
MOST_KEPT: Final = 3660 * _DAY
"""Seconds: ten years."""


class History(Section):
    """What is kept by the hour: balances, reachable phones, calls by result, open tickets."""

    enabled: bool = True
    """Whether the agent keeps it, in ``history.db`` of the data folder. Read at the start."""
    keep: Annotated[Duration, Field(ge=LEAST_KEPT, le=MOST_KEPT)] = 400.0 * _DAY
    """How long it is kept; older hours are deleted within a day. Plots and forecasts reach
    back no further; nothing else depends on it: tickets, evidence and statistics do not."""

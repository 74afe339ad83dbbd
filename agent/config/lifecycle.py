"""How long a provider leaves a number in a state that does not last (domain.md §1, lifecycle)."""

from pydantic import Field

from agent.config.section import Section
from agent.states import NumberState
from agent.yamlfile.values import Duration


class Lifecycle(Section):
    """How long the provider leaves a number in a state that does not last.

    Providers differ from three days to six months, so nothing is assumed. Where the provider
    itself tells when it takes a number back, its word counts.
    """

    reclaimed_after: dict[NumberState, Duration] = Field(default={})
    """After so long in a state (``suspended_arrears``, ``frozen``, ``open_unfunded``,
    ``preoccupied`` …) the number is taken back; counted from when the agent saw the state begin."""

"""What an adapter has to say besides its facts; polling turns it into counters."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.states import Capability


def _ignore_unmapped(_field: str, _count: int) -> None:
    pass


def _ignore_invalid(_capability: Capability, _count: int) -> None:
    pass


@dataclass(frozen=True)
class Reports:
    """Where an adapter tells of values and records that it could not use."""

    unmapped: Callable[[str, int], None] = _ignore_unmapped
    """A field (``numbers.state``) had this many values that mean nothing to the profile."""
    invalid: Callable[[Capability, int], None] = _ignore_invalid
    """A poll had this many records that were skipped or lost a field."""

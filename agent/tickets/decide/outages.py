"""Whether numbers that share a provider or a carrier are still down (domain.md §5)."""

import numpy as np

from agent.checks.lifecycle import NUMBER_CODES
from agent.checks.result import CheckResult
from agent.states import NumberState
from agent.tickets.decide.assessment import Finding
from agent.tickets.ticket import Subject

LEAST_NUMBERS = 3
"""Numbers that must be down at once for an outage (domain.md §5, ProviderOutage)."""
LEAST_SHARE = 0.05
"""Share of the numbers that must be; in a large fleet some number is always down."""

_OTHERS_TO_BLAME = np.array(
    [
        NUMBER_CODES[state]
        for state in (
            *(NumberState.IDLE, NumberState.PREOCCUPIED, NumberState.REVIEW),
            *(NumberState.REVIEW_REJECTED, NumberState.OPEN_UNFUNDED),
            *(NumberState.SUSPENDED_ARREARS, NumberState.SUSPENDED_REQUESTED),
            *(NumberState.FROZEN, NumberState.EXPIRED),
            *(NumberState.RECLAIMED, NumberState.CANCELLED),
        )
    ]
)
"""States that money, the holder or the end of a contract puts a number in."""


def several_numbers(checked: CheckResult, subject: Subject, _now: float) -> tuple[Finding, str]:
    """What one account's numbers say of an outage of its provider or of a carrier."""
    columns = checked.columns
    alike = ~np.isin(columns.states, _OTHERS_TO_BLAME)
    if subject.carrier:
        alike &= np.array([carrier == subject.carrier for carrier in columns.carriers], np.bool_)
    down = int(np.count_nonzero(alike & (columns.up == 0)))
    unclear = int(np.count_nonzero(alike & np.isnan(columns.up)))
    least = max(LEAST_NUMBERS, LEAST_SHARE * len(columns.up))
    told = f"{down} numbers of {checked.snapshot.key} are down"
    if down >= least:
        return Finding.BAD, told
    return (Finding.UNKNOWN if down + unclear >= least else Finding.GOOD), told

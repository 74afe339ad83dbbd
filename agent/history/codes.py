"""The short codes of call results in the history."""

from typing import Final

from agent.states import CallResult

RESULTS: Final = (
    CallResult.ANSWERED,
    CallResult.BUSY,
    CallResult.NO_ANSWER,
    CallResult.NONEXISTENT,
    CallResult.REJECTED,
    CallResult.OUT_OF_AREA,
    CallResult.OFF,
    CallResult.SUSPENDED,
    CallResult.BARRED,
    CallResult.FORWARDED,
    CallResult.NETWORK,
    CallResult.BLOCKED_BY_CARRIER,
    CallResult.OVER_CONCURRENCY,
    CallResult.CALLER_BLACKLISTED,
    CallResult.CLOSED_HOURS,
    CallResult.REGION_BLOCKED,
    CallResult.ABANDONED,
    CallResult.UNKNOWN,
)
"""The result of each code. Codes are stored: further results are added at the end, none moves."""
CODES: Final = {result: code for code, result in enumerate(RESULTS)}

"""What callers report, read from a ledger that an agent may hold: for commands."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from agent.complaints.repository import StoredComplaint, report_of
from agent.diagnosis.caller_reports import CallerReport, ReportsOf

STATEMENT: Final = (
    "SELECT document, caller FROM complaints WHERE answered_at IS NULL"
    " ORDER BY received_at DESC, id LIMIT :limit"
)
"""The complaints that wait for an answer, the newest first; ``:limit`` of them."""
LIMIT: Final = 10_000


def reports_in(rows: Iterable[tuple[Any, ...]]) -> ReportsOf:
    """What callers report of a number, by the rows that :data:`STATEMENT` gives.

    One that cannot be decoded is left out, as the agent leaves it out.
    """
    reports: dict[str, list[CallerReport]] = defaultdict(list)
    for document, callers in rows:
        try:
            complaint = msgspec.json.decode(bytes(document), type=StoredComplaint).complaint
        except msgspec.MsgspecError:
            continue
        reports[complaint.number].append(report_of(complaint, tuple(str(callers or "").split())))
    return lambda number: tuple(sorted(reports.get(number, ()), key=lambda it: it.at))

"""Test calls as facts, for tests of what is read from them."""

from typing import Any

from agent.model import AccountKey
from agent.probing.board import ProbeBoard
from agent.probing.facts import Control, ProbeCall
from agent.probing.outcome import CallOutcome
from tests.account_facts import NOW

HQ: AccountKey = ("north", "hq")
NUMBER = "4006220001"


def call(at: float, outcome: str = "answered", caller: str = "telecom", **more: Any) -> ProbeCall:
    """A call that began ``at`` seconds before the present, from a line that works."""
    control = Control.NOT_NEEDED if outcome == "answered" else Control.PASSED
    facts = {"number": NUMBER, "provider": HQ[0], "account": HQ[1], "control": control, **more}
    identity = f"{facts['number']}/{caller}/{at}"
    return ProbeCall(id=identity, at=NOW - at, caller=caller, outcome=CallOutcome(outcome), **facts)


def board_of(*calls: ProbeCall) -> ProbeBoard:
    """A board with these calls."""
    board = ProbeBoard()
    board.add(calls)
    return board


def found_in(board: ProbeBoard) -> dict[str, Any]:
    """What a check result has of the board's calls."""
    return {"probes": board.of(HQ), "probes_troubled": board.troubled(HQ)}

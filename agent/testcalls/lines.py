"""Series of the lines from which test calls are made: whether each works, where that is known."""

from collections.abc import Mapping

from agent.probing.facts import ProbeCall
from agent.probing.outcome import SUCCESSFUL, CallOutcome
from exporters.telemetry import Telemetry


def is_working(proof: ProbeCall) -> bool | None:
    """Whether a line works by its newest proof (:meth:`ProbeBoard.proofs`); ``None`` if unknown.

    A call of the control number that went in an unknown way says nothing of the line.
    """
    return None if proof.outcome is CallOutcome.UNKNOWN else proof.outcome in SUCCESSFUL


class LineSeries:
    """Shows which lines work, and withdraws those of which nothing is known any more."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._gauge = telemetry.probe_working
        self._shown: frozenset[str] = frozenset()

    def show(self, proofs: Mapping[str, ProbeCall]) -> None:
        """Publish what the newest proof of each line says."""
        working = {caller: is_working(proof) for caller, proof in proofs.items()}
        known = {caller: works for caller, works in working.items() if works is not None}
        for caller, works in known.items():
            self._gauge.labels(caller).set(works)
        for caller in self._shown - known.keys():
            self._gauge.remove(caller)
        self._shown = frozenset(known)

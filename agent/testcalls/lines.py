"""Series of the lines from which test calls are made: whether each works, and whether it calls."""

from collections.abc import Mapping

from prometheus_client import Gauge

from agent.probing.facts import Control, ProbeCall
from agent.testcalls.outcome import control_says
from exporters.telemetry import Telemetry


def is_working(proof: ProbeCall) -> bool | None:
    """Whether a line works by its newest proof (:meth:`ProbeBoard.proofs`); ``None`` if unknown.

    A call of the control number that went in an unknown way says nothing of the line.
    """
    return {Control.PASSED: True, Control.FAILED: False}.get(control_says(proof.outcome))


class LineSeries:
    """Shows what is known of the lines, and withdraws those of which nothing is any more."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._working = _ByCaller(telemetry.probe_working)
        self._idle = _ByCaller(telemetry.probe_idle)

    def show(self, proofs: Mapping[str, ProbeCall]) -> None:
        """Publish which lines work, by the newest proof of each."""
        working = {caller: is_working(proof) for caller, proof in proofs.items()}
        self._working.show({it: float(works) for it, works in working.items() if works is not None})

    def show_idle(self, seconds: Mapping[str, float]) -> None:
        """Publish for how long lines have made none of the calls that plans ask of them."""
        self._idle.show(seconds)


class _ByCaller:
    """A gauge with a series for each caller that has a value now."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._shown: frozenset[str] = frozenset()

    def show(self, values: Mapping[str, float]) -> None:
        for caller, value in values.items():
            self._gauge.labels(caller).set(value)
        for caller in self._shown - values.keys():
            self._gauge.remove(caller)
        self._shown = frozenset(values)

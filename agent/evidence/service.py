"""Assembles the parts of evidence: the recorder of answers, the collector and the exporter."""

import json
import time
from collections.abc import Awaitable, Callable, Mapping

from agent.config.settings import Settings
from agent.evidence.collector import EvidenceCollector
from agent.evidence.exporter import EvidenceExporter
from agent.evidence.repository import EvidenceRepository
from agent.masking import mask_text
from agent.polling.recorder import ResponseRecorder
from agent.rules.queries.queries import Queries, parse_selector
from agent.store.database import Database
from agent.web.prometheus.encoding import instant_result
from exporters.telemetry import Telemetry

_QUERY_SECONDS = 20.0


class EvidenceService:
    """Records what providers answer, collects evidence from it, and exports evidence.

    Args:
        database: The ledger.
        queries: Queries over the series as they are now.
        settings: The configuration in force.
        version: The program's version, for the manifest.
        clock: Epoch seconds.
        retention: The time by which evidence grows old (:mod:`agent.store.retention`).
        telemetry: Counts what waits and what is dropped.
    """

    def __init__(
        self,
        database: Database,
        queries: Callable[[], Queries],
        settings: Callable[[], Settings],
        version: str,
        clock: Callable[[], float],
        retention: Callable[[], Awaitable[float]],
        telemetry: Telemetry,
    ) -> None:
        self._queries = queries
        self._clock = clock
        self.recorder = ResponseRecorder(clock)
        self.exporter = EvidenceExporter(database, settings, version, clock)
        self.collector = EvidenceCollector(
            EvidenceRepository(database),
            self.recorder,
            self._series_of,
            settings,
            clock,
            retention,
            telemetry,
        )

    def _series_of(self, number: str) -> bytes:
        """The series of ``number`` as they are now, as Prometheus' JSON of an instant vector.

        Phones that rules have in their names and labels are masked.
        """
        at = self._clock()
        selector = parse_selector(f'{{number="{number}"}}')
        vectors = self._queries().select([selector], time.monotonic() + _QUERY_SECONDS)
        results = [json.loads("".join(instant_result(vector, at)))["result"] for vector in vectors]
        samples = [
            {**sample, "metric": _masked(sample["metric"], number)}
            for vector in results
            for sample in vector
        ]
        return json.dumps({"resultType": "vector", "result": samples}, indent=1).encode()


def _masked(labels: Mapping[str, str], number: str) -> dict[str, str]:
    return {name: value if value == number else mask_text(value) for name, value in labels.items()}

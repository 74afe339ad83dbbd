"""Everything about evidence, put together."""

from collections.abc import Callable

from agent.config.settings import Settings
from agent.evidence.collector import Collector
from agent.evidence.exporter import EvidenceExporter
from agent.evidence.repository import EvidenceRepository
from agent.evidence.samples import samples_of
from agent.polling.recorder import ResponseRecorder
from agent.rules.queries.queries import Queries
from agent.store.database import Database


class EvidenceService:
    """Takes evidence and hands it out."""

    def __init__(
        self,
        database: Database,
        queries: Callable[[], Queries],
        settings: Callable[[], Settings],
        version: str,
        clock: Callable[[], float],
    ) -> None:
        self.recorder = ResponseRecorder(clock)
        self.desk = EvidenceExporter(database, settings, version, clock)
        self.collector = Collector(
            EvidenceRepository(database), self.recorder, samples_of(queries, clock), settings, clock
        )

"""Everything about evidence, put together."""

from collections.abc import Callable

from agent.config.settings import Settings
from agent.evidence.collector import Collector
from agent.evidence.exporter import EvidenceDesk
from agent.evidence.repository import EvidenceShelf
from agent.evidence.samples import samples_of
from agent.polling.recorder import Witness
from agent.rules.queries.queries import Queries
from agent.store.database import Database


class EvidenceRoom:
    """Takes evidence and hands it out."""

    def __init__(
        self,
        database: Database,
        queries: Callable[[], Queries],
        settings: Callable[[], Settings],
        version: str,
        clock: Callable[[], float],
    ) -> None:
        self.witness = Witness(clock)
        self.desk = EvidenceDesk(database, settings, version, clock)
        self.collector = Collector(
            EvidenceShelf(database), self.witness, samples_of(queries, clock), settings, clock
        )

"""What pages show of the deliveries: how each sink does, its queue, and the dead letters."""

from agent.sinks.delivery_status import DeliveryStatus
from agent.sinks.dispatcher import Dispatcher
from agent.store.database import Database
from agent.tickets.outbox.overview import OutboxOverview


class Deliveries(OutboxOverview):
    """Reads the outbox, and how its workers do; changes nothing."""

    def __init__(self, database: Database, dispatcher: Dispatcher) -> None:
        super().__init__(database)
        self._dispatcher = dispatcher

    def statuses(self) -> list[DeliveryStatus]:
        """How deliveries to each sink go, in the configuration's order."""
        return self._dispatcher.statuses()

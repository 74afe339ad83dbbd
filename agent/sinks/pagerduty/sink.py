"""PagerDuty: an alert for each ticket (Events API v2; ticketing.md §5).

PagerDuty itself drops repeats by ``dedup_key``, so nothing has to be looked up.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agent.config.sinks import Sink as SinkSettings
from agent.net.scrub import scrub
from agent.sinks.base import Pace, SinkError, SinkFailure, Window
from agent.sinks.context import SinkContext
from agent.sinks.delivery import Delivery, read
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.remote_ticket import RemoteState, RemoteTicket
from agent.sinks.text_limits import cut_characters
from agent.states import Stage
from agent.tickets.changes import CLOSED, RESOLVED, UPDATED
from agent.tickets.outbox.outbox import Row

SUMMARY = 1024
DEDUP_KEY = 255
BODY = 512 * 1024
"""PagerDuty's limits; the last in bytes."""

_SOURCE = 1024
_BAD_REQUEST = 400
_SEVERITIES = frozenset({"critical", "error", "warning", "info"})
_OVER = frozenset(
    {
        *(Stage.RESTORED, Stage.REPAIRED, Stage.TESTING, Stage.CONFIRMED, Stage.CLOSED),
        *(Stage.SUPPRESSED, Stage.REJECTED),
    }
)
_ACKNOWLEDGED = frozenset(
    {Stage.ACCEPTED, Stage.CARRIER_ESCALATED, Stage.DISPATCHED, Stage.ON_SITE}
)
_UNKNOWN = RemoteTicket(RemoteState.UNKNOWN, detail="the events API cannot be asked")


class PagerDutySink:
    """Triggers, acknowledges and resolves alerts of one service."""

    def __init__(self, settings: SinkSettings, around: SinkContext) -> None:
        assert settings.pagerduty is not None
        self.name = settings.name
        self.pace: Pace = settings
        self.windows: Sequence[Window] = (Window(settings.rate or 120, 60.0),)
        self._key = settings.pagerduty.routing_key
        self._writer = around.writer
        self._wire = SinkHttpClient(settings, around.clock)

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

    async def look_up(self, ticket_id: str) -> RemoteTicket:  # noqa: ARG002 - the protocol's
        """Not known: events are taken, not told."""
        return _UNKNOWN

    async def deliver(self, row: Row, now: float) -> None:  # noqa: ARG002 - nothing is signed
        """Send the event that a change amounts to.

        Raises:
            SinkError: when it was not taken, or when that is not known.
        """
        told = await read(row)
        reply = await self._wire.ask("POST", "/v2/enqueue", json=self._event(told))
        if reply.status == _BAD_REQUEST and _names_the_key(reply):
            text = "the routing key was refused"
            raise SinkError(SinkFailure.AUTH, text, hold=True)
        self._wire.require_success(reply)

    def _event(self, told: Delivery) -> dict[str, Any]:
        action = _action(told)
        event: dict[str, Any] = {
            "routing_key": self._key.reveal(),
            "event_action": action,
            "dedup_key": cut_characters(told.id, DEDUP_KEY),
        }
        if action != "trigger":
            return event
        link = self._writer.link(told.ticket)
        links = [{"href": link, "text": told.id}] if link else []
        event |= {"client": "numwatch", "links": links, "payload": self._payload(told.ticket)}
        return _within(event)

    def _payload(self, ticket: Mapping[str, Any]) -> dict[str, Any]:
        severity = str(ticket.get("severity"))
        where = (ticket.get(name) for name in ("provider", "account", "number", "carrier"))
        return {
            "summary": cut_characters(self._writer.title(ticket), SUMMARY),
            "source": cut_characters(
                "/".join(str(it) for it in where if it) or "numwatch", _SOURCE
            ),
            "severity": severity if severity in _SEVERITIES else "error",
            "timestamp": ticket.get("started_at"),
            "component": ticket.get("symptom"),
            "group": ticket.get("provider"),
            "class": (ticket.get("diagnosis") or {}).get("cause"),
            "custom_details": {"ticket": self._writer.description(ticket)},
        }


def _action(told: Delivery) -> str:
    stage = told.ticket.get("stage")
    if told.kind in (RESOLVED, CLOSED) or stage in _OVER:
        # A trigger after the resolution would be a new alert.
        return "resolve"
    return "acknowledge" if told.kind == UPDATED and stage in _ACKNOWLEDGED else "trigger"


def _within(event: dict[str, Any]) -> dict[str, Any]:
    """``event`` with as many details as fit into what PagerDuty takes."""
    details = event["payload"]["custom_details"]["ticket"]
    while details and len(msgspec.json.encode(event)) > BODY:
        del details[len(details) // 2 :]
    return event


def _names_the_key(reply: Reply) -> bool:
    return "routing" in scrub(reply.body[:2048].decode("utf-8", "replace"), 2048).lower()

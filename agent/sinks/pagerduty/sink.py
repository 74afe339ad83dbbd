"""PagerDuty: an alert for each ticket (Events API v2; docs/reference/ticketing.md §5).

PagerDuty itself drops repeats by ``dedup_key``, so nothing has to be looked up.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from agent.config.sinks import Sink as SinkSettings
from agent.net.scrub import scrub
from agent.sinks.base import (
    RemoteState,
    RemoteStatus,
    RetryPolicy,
    SinkError,
    SinkFailure,
    per_minute,
)
from agent.sinks.delivery import Delivery, decode
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.pagerduty.config import CONFIGURATION, PagerDuty
from agent.sinks.registry import SinkContext, SinkKind
from agent.sinks.text_limits import cut_characters
from agent.states import Stage
from agent.tickets.changes import CLOSED, RESOLVED, UPDATED
from agent.tickets.outbox.rows import Row

MAX_SUMMARY = 1024
MAX_SOURCE = 1024
MAX_DEDUP_KEY = 255
MAX_EVENT_BYTES = 512 * 1024
"""PagerDuty's limits; all but the last in characters."""

_RATE_PER_MINUTE = 120
_BAD_REQUEST = 400
_SEVERITIES = frozenset({"critical", "error", "warning", "info"})
_ENDED = frozenset(
    {
        *(Stage.RESTORED, Stage.REPAIRED, Stage.TESTING, Stage.CONFIRMED, Stage.CLOSED),
        *(Stage.SUPPRESSED, Stage.REJECTED),
    }
)
_ACKNOWLEDGED = frozenset(
    {Stage.ACCEPTED, Stage.CARRIER_ESCALATED, Stage.DISPATCHED, Stage.ON_SITE}
)
_UNKNOWN = RemoteStatus(RemoteState.UNKNOWN, detail="the Events API cannot be queried")


class PagerDutySink:
    """Triggers, acknowledges and resolves alerts of one service."""

    def __init__(self, settings: SinkSettings, context: SinkContext) -> None:
        self.name = settings.name
        self.retry_policy: RetryPolicy = settings
        self.rate_limits = per_minute(settings.rate or _RATE_PER_MINUTE)
        self._routing_key = settings.section(PagerDuty).routing_key
        self._writer = context.writer
        self._client = SinkHttpClient(settings, context.clock)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def look_up(self, ticket_id: str) -> RemoteStatus:  # noqa: ARG002 - the protocol's
        """Returns UNKNOWN: the Events API cannot be queried for an alert's state."""
        return _UNKNOWN

    async def deliver(self, row: Row, now: float) -> None:  # noqa: ARG002 - nothing is signed
        """Send the event that stands for a change.

        Raises:
            SinkError: when it was not accepted, or when that is not known.
        """
        event = self._event(await decode(row))
        reply = await self._client.request("POST", "/v2/enqueue", json=event)
        if reply.status == _BAD_REQUEST and _names_routing_key(reply):
            text = "the routing key was refused"
            raise SinkError(SinkFailure.AUTH, text, hold=True)
        self._client.require_success(reply)

    def _event(self, delivery: Delivery) -> dict[str, Any]:
        action = _action(delivery)
        event: dict[str, Any] = {
            "routing_key": self._routing_key.reveal(),
            "event_action": action,
            "dedup_key": cut_characters(delivery.id, MAX_DEDUP_KEY),
        }
        if action != "trigger":
            return event
        link = self._writer.link(delivery.ticket)
        links = [{"href": link, "text": delivery.id}] if link else []
        event |= {"client": "numwatch", "links": links, "payload": self._payload(delivery.ticket)}
        return _fit(event)

    def _payload(self, ticket: Mapping[str, Any]) -> dict[str, Any]:
        severity = str(ticket.get("severity"))
        labels = (ticket.get(name) for name in ("provider", "account", "number", "carrier"))
        return {
            "summary": cut_characters(self._writer.title(ticket), MAX_SUMMARY),
            "source": cut_characters(
                "/".join(str(it) for it in labels if it) or "numwatch", MAX_SOURCE
            ),
            "severity": severity if severity in _SEVERITIES else "error",
            "timestamp": ticket.get("started_at"),
            "component": ticket.get("symptom"),
            "group": ticket.get("provider"),
            "class": (ticket.get("diagnosis") or {}).get("cause"),
            "custom_details": {"ticket": self._writer.description(ticket)},
        }


def _action(delivery: Delivery) -> str:
    stage = delivery.ticket.get("stage")
    if delivery.kind in (RESOLVED, CLOSED) or stage in _ENDED:
        # A trigger after the resolution would open another alert.
        return "resolve"
    return "acknowledge" if delivery.kind == UPDATED and stage in _ACKNOWLEDGED else "trigger"


def _fit(event: dict[str, Any]) -> dict[str, Any]:
    """``event`` with as many details as fit into what PagerDuty accepts."""
    details = event["payload"]["custom_details"]["ticket"]
    while details and len(msgspec.json.encode(event)) > MAX_EVENT_BYTES:
        del details[len(details) // 2 :]
    return event


def _names_routing_key(reply: Reply) -> bool:
    return "routing" in scrub(reply.body[:2048].decode("utf-8", "replace"), 2048).lower()


KIND = SinkKind(CONFIGURATION, PagerDutySink)

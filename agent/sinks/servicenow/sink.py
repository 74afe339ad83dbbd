"""ServiceNow: an incident for each ticket (Table API; docs/reference/ticketing.md §5)."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.config.sinks import Sink as SinkSettings
from agent.net.scrub import scrub
from agent.sinks.base import RemoteState, RemoteStatus, SinkError, SinkFailure
from agent.sinks.callback import CallbackFormat
from agent.sinks.delivery import Delivery
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.links import Remote
from agent.sinks.registry import SinkContext, SinkKind
from agent.sinks.servicenow.config import CONFIGURATION
from agent.sinks.servicenow.config import ServiceNow as ServiceNowSettings
from agent.sinks.text import Writer
from agent.sinks.text_limits import cut_utf16
from agent.sinks.ticket_system import RemoteGoneError, TicketSystemSink, TicketUpdate
from agent.states import Stage

MAX_SHORT_DESCRIPTION = 160
MAX_DESCRIPTION = 4000
MAX_NOTES = 4000
MAX_CORRELATION_ID = 100
"""The columns' usual lengths."""

_FORBIDDEN, _NOT_FOUND = 403, 404
_URGENCY = {"critical": "1", "warning": "2", "info": "3"}
_CLOSED = frozenset({"6", "7", "8"})
"""Resolved, closed and canceled."""
_RANK = {"1": 1, "2": 2, "3": 3, "6": 6, "7": 7, "8": 8}
"""The order of the usual states; an incident is never moved back by an end."""
_RULES = ("business rule", "data policy", "mandatory")
"""Words of a refusal by the instance's own rules, which has the status 403 of wrong credentials."""

_CODE = re.compile(
    r"\[(?=[\s\u200b-\u200f\u2060\ufeff]*/?[\s\u200b-\u200f\u2060\ufeff]*code)", re.IGNORECASE
)


class ServiceNowSystem:
    """The API of one instance, for one table."""

    def __init__(self, settings: SinkSettings, writer: Writer, clock: Callable[[], float]) -> None:
        own = self._settings = settings.section(ServiceNowSettings)
        self._writer = writer
        pair = f"{own.user}:{own.password.reveal()}"
        token = base64.b64encode(pair.encode()).decode()
        self._client = SinkHttpClient(settings, clock, {"Authorization": f"Basic {token}"})
        self._table = f"/api/now/table/{own.table}"

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def find(self, ticket_id: str) -> Remote | None:
        """The first incident with our id; a closed one counts, as the id names one episode."""
        reply = await self._client.get(
            self._table,
            {
                "sysparm_query": f"correlation_id={ticket_id}^ORDERBYsys_created_on",
                "sysparm_fields": "sys_id,number,correlation_id",
                "sysparm_limit": "10",
            },
        )
        # An instance ignores a condition it does not understand and returns every incident.
        ours = [it for it in _result(reply) if it.get("correlation_id") == ticket_id]
        return _remote(ours[0]) if ours else None

    async def create(self, delivery: Delivery) -> Remote:
        """Create an incident."""
        body = {
            **self._content(delivery),
            "correlation_id": cut_utf16(delivery.id, MAX_CORRELATION_ID),
            "correlation_display": "numwatch",
            "assignment_group": self._settings.assignment_group,
            "caller_id": self._settings.caller,
        }
        fields = {name: value for name, value in body.items() if value}
        reply = self._client.require_success(
            await self._client.request("POST", self._table, json=fields)
        )
        incidents = _result(reply)
        if not incidents or not incidents[0].get("sys_id"):
            raise SinkError(SinkFailure.PROTOCOL, "the answer names no incident", ambiguous=True)
        return _remote(incidents[0])

    def _content(self, delivery: Delivery) -> dict[str, str]:
        ticket = delivery.ticket
        urgency = _URGENCY.get(str(ticket.get("severity")), "3")
        description = _without_code("\n".join(self._writer.description(ticket)))
        title = _without_code(self._writer.title(ticket))
        return {
            "short_description": cut_utf16(title, MAX_SHORT_DESCRIPTION),
            "description": cut_utf16(description, MAX_DESCRIPTION),
            "impact": urgency,
            "urgency": urgency,
        }

    async def update(self, remote: str, delivery: Delivery, update: TicketUpdate) -> list[str]:
        """Send content, notes and state in one request; without the state if that is refused."""
        body: dict[str, str] = self._content(delivery)
        lines = update.comment
        if lines and not (update.is_retry and await self._has_notes(remote, lines[-1])):
            body["work_notes"] = _notes(lines)
        target = await self._target(remote, update.move)
        reply = await self._patch(remote, {**body, **target})
        refusal = _refusal(reply)
        if refusal and target:
            self._require_incident(await self._patch(remote, body))
            return [f"state {target['state']}: {refusal}"]
        if refusal:
            return [f"update: {refusal}"]
        self._require_incident(reply)
        return []

    async def _target(self, remote: str, move: str) -> dict[str, str]:
        """The state to move to with its fields; empty if the incident is there already."""
        target = getattr(self._settings, move) if move else ""
        if move == "closed" and not target:
            target = self._settings.restored
        if not target:
            return {}
        state = str((await self._incident(remote)).get("state", ""))
        closing = move != "reopened"
        if state == target or (closing and _RANK.get(state, 0) > _RANK.get(target, 9)):
            return {}
        if not closing:
            return {"state": target}
        notes = "numwatch: the fault is over"
        return {"state": target, "close_code": self._settings.close_code, "close_notes": notes}

    async def _patch(self, remote: str, body: Mapping[str, str]) -> Reply:
        return await self._client.request("PATCH", f"{self._table}/{remote}", json=body)

    async def comment(self, remote: str, lines: Sequence[str]) -> None:
        """Add work notes."""
        self._require_incident(await self._patch(remote, {"work_notes": _notes(lines)}))

    async def _has_notes(self, remote: str, marker: str) -> bool:
        query = {
            "sysparm_query": f"element_id={remote}^element=work_notes^ORDERBYDESCsys_created_on",
            "sysparm_fields": "value",
            "sysparm_limit": "50",
        }
        reply = await self._client.get("/api/now/table/sys_journal_field", query)
        return any(marker in str(it.get("value", "")) for it in _result(reply))

    async def status(self, remote: str) -> RemoteStatus:
        """The incident's state and resolution code; resolved and canceled count as closed."""
        incident = await self._incident(remote)
        status = str(incident.get("state", ""))
        state = RemoteState.CLOSED if status in _CLOSED else RemoteState.OPEN
        return RemoteStatus(state, status=status, resolution=str(incident.get("close_code") or ""))

    async def _incident(self, remote: str) -> dict[str, Any]:
        query = {"sysparm_fields": "sys_id,number,state,close_code"}
        reply = await self._client.request("GET", f"{self._table}/{remote}", params=query)
        incidents = _result(self._require_incident(reply))
        return incidents[0] if incidents else {}

    def _require_incident(self, reply: Reply) -> Reply:
        if reply.status == _NOT_FOUND:
            raise RemoteGoneError
        return self._client.require_success(reply)


def _refusal(reply: Reply) -> str:
    """Why the instance's own rules refuse a change; empty if they do not."""
    if reply.status != _FORBIDDEN:
        return ""
    error = scrub(_error(reply), 300)
    return error if any(words in error.lower() for words in _RULES) else ""


def _error(reply: Reply) -> str:
    error = reply.json_object.get("error") or {}
    if not isinstance(error, dict):
        return str(error)
    return f"{error.get('message', '')}: {error.get('detail', '')}"


def _result(reply: Reply) -> list[dict[str, Any]]:
    result = reply.json_object.get("result") or []
    rows = result if isinstance(result, list) else [result]
    return [row for row in rows if isinstance(row, dict)]


def _remote(row: Mapping[str, Any]) -> Remote:
    return Remote(str(row["sys_id"]), str(row.get("number") or row["sys_id"]))


def _without_code(text: str) -> str:
    """``text`` in which nothing is HTML: journals render what stands between ``[code]`` tags."""
    return _CODE.sub("［", text)


def _notes(lines: Sequence[str]) -> str:
    """Notes within their limit, with the marker at the end always whole."""
    marker = lines[-1]
    return (
        cut_utf16(_without_code("\n".join(lines[:-1])), MAX_NOTES - len(marker) - 1) + "\n" + marker
    )


def _build(settings: SinkSettings, context: SinkContext) -> TicketSystemSink:
    system = ServiceNowSystem(settings, context.writer, context.clock)
    return TicketSystemSink(settings, system, context)


# A business rule of the instance posts the callbacks; docs/sinks.md shows it.
_CALLBACK = CallbackFormat(
    stages={"2": Stage.ACCEPTED, "6": Stage.CLOSED, "7": Stage.CLOSED, "8": Stage.CLOSED}
)
KIND = SinkKind(CONFIGURATION, _build, _CALLBACK)

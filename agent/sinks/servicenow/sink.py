"""ServiceNow: an incident for each ticket (Table API; ticketing.md §5)."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.config.sinks import ServiceNow as ServiceNowSettings
from agent.config.sinks import Sink as SinkSettings
from agent.net.scrub import scrub
from agent.sinks.base import SinkError, SinkFailure
from agent.sinks.context import SinkContext
from agent.sinks.delivery import Delivery
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.links import Remote
from agent.sinks.remote_ticket import RemoteState, RemoteTicket
from agent.sinks.text import Writer
from agent.sinks.text_limits import cut_utf16
from agent.sinks.ticket_system import RemoteGoneError, Step, TicketSystemSink

SHORT_DESCRIPTION = 160
DESCRIPTION = 4000
NOTES = 4000
CORRELATION = 100
"""The columns' usual lengths."""

_FORBIDDEN, _NOT_FOUND = 403, 404
_LEVEL = {"critical": "1", "warning": "2", "info": "3"}
_OVER = frozenset({"6", "7", "8"})
_RANK = {"1": 1, "2": 2, "3": 3, "6": 6, "7": 7, "8": 8}
_RULES = ("business rule", "data policy", "mandatory")
"""What a refusal by the instance's own rules says; ServiceNow answers it with 403 too."""


def servicenow_sink(settings: SinkSettings, around: SinkContext) -> TicketSystemSink:
    """A sink that keeps a table's incidents up to date."""
    return TicketSystemSink(
        settings, ServiceNowSystem(settings, around.writer, around.clock), around
    )


class ServiceNowSystem:
    """One table of one instance."""

    def __init__(self, settings: SinkSettings, writer: Writer, clock: Callable[[], float]) -> None:
        assert settings.servicenow is not None
        self._settings: ServiceNowSettings = settings.servicenow
        self._writer = writer
        pair = f"{settings.servicenow.user}:{settings.servicenow.password.reveal()}"
        token = base64.b64encode(pair.encode()).decode()
        self._wire = SinkHttpClient(settings, clock, {"Authorization": f"Basic {token}"})
        self._table = f"/api/now/table/{settings.servicenow.table}"

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

    async def find(self, ticket_id: str) -> Remote | None:
        """The first incident with our id; the id names one episode, so a closed one counts too."""
        reply = await self._wire.get(
            self._table,
            {
                "sysparm_query": f"correlation_id={ticket_id}^ORDERBYsys_created_on",
                "sysparm_fields": "sys_id,number,correlation_id",
                "sysparm_limit": "10",
            },
        )
        found = _result(reply)
        # An instance ignores a condition it does not understand and gives everything.
        ours = [it for it in found if it.get("correlation_id") == ticket_id]
        return _remote(ours[0]) if ours else None

    async def create(self, told: Delivery) -> Remote:
        """Make an incident."""
        body = {
            **self._content(told),
            "correlation_id": cut_utf16(told.id, CORRELATION),
            "correlation_display": "numwatch",
            "assignment_group": self._settings.assignment_group,
            "caller_id": self._settings.caller,
        }
        written = {name: value for name, value in body.items() if value}
        reply = self._wire.require_success(await self._wire.ask("POST", self._table, json=written))
        made = _result(reply)
        if not made or not made[0].get("sys_id"):
            raise SinkError(SinkFailure.PROTOCOL, "the answer names no incident", ambiguous=True)
        return _remote(made[0])

    def _content(self, told: Delivery) -> dict[str, str]:
        ticket = told.ticket
        level = _LEVEL.get(str(ticket.get("severity")), "3")
        description = "\n".join(self._writer.description(ticket))
        return {
            "short_description": cut_utf16(self._writer.title(ticket), SHORT_DESCRIPTION),
            "description": cut_utf16(description, DESCRIPTION),
            "impact": level,
            "urgency": level,
        }

    async def tell(self, remote: str, told: Delivery, step: Step) -> list[str]:
        """One request for content, notes and state; without the state where it is refused."""
        body: dict[str, str] = self._content(told)
        if step.news and not (step.again and await self._has(remote, step.news[-1])):
            body["work_notes"] = _notes(step.news)
        target = await self._target(remote, step.move)
        reply = await self._patch(remote, {**body, **target})
        why = _refusal(reply)
        if why and target:
            reply = await self._patch(remote, body)
            self._require_success(reply)
            return [f"state {target['state']}: {why}"]
        if why:
            return [f"update: {why}"]
        self._require_success(reply)
        return []

    async def _target(self, remote: str, move: str) -> dict[str, str]:
        """The state to go to and what belongs to it; nothing where it is there already."""
        wanted = getattr(self._settings, move) if move else ""
        if move == "closed" and not wanted:
            wanted = self._settings.restored
        if not wanted:
            return {}
        state = str((await self._incident(remote)).get("state", ""))
        closing = move != "reopened"
        if state == wanted or (closing and _RANK.get(state, 0) > _RANK.get(wanted, 9)):
            return {}
        if not closing:
            return {"state": wanted}
        notes = "numwatch: the fault is over"
        return {"state": wanted, "close_code": self._settings.close_code, "close_notes": notes}

    async def _patch(self, remote: str, body: Mapping[str, str]) -> Reply:
        return await self._wire.ask("PATCH", f"{self._table}/{remote}", json=body)

    async def comment(self, remote: str, lines: Sequence[str]) -> None:
        """Add work notes."""
        self._require_success(await self._patch(remote, {"work_notes": _notes(lines)}))

    async def _has(self, remote: str, mark: str) -> bool:
        asked = {
            "sysparm_query": f"element_id={remote}^element=work_notes^ORDERBYDESCsys_created_on",
            "sysparm_fields": "value",
            "sysparm_limit": "50",
        }
        reply = await self._wire.get("/api/now/table/sys_journal_field", asked)
        return any(mark in str(it.get("value", "")) for it in _result(reply))

    async def standing(self, remote: str) -> RemoteTicket:
        """The incident's state and resolution code; resolved, closed and canceled are closed."""
        incident = await self._incident(remote)
        status = str(incident.get("state", ""))
        state = RemoteState.CLOSED if status in _OVER else RemoteState.OPEN
        return RemoteTicket(state, status=status, resolution=str(incident.get("close_code") or ""))

    async def _incident(self, remote: str) -> dict[str, Any]:
        asked = {"sysparm_fields": "sys_id,number,state,close_code"}
        reply = await self._wire.ask("GET", f"{self._table}/{remote}", params=asked)
        found = _result(self._require_success(reply))
        return found[0] if found else {}

    def _require_success(self, reply: Reply) -> Reply:
        if reply.status == _NOT_FOUND:
            raise RemoteGoneError
        return self._wire.require_success(reply)


def _refusal(reply: Reply) -> str:
    """Why the instance's own rules refuse a change; empty where they do not."""
    if reply.status != _FORBIDDEN:
        return ""
    told = scrub(_error(reply), 300)
    return told if any(words in told.lower() for words in _RULES) else ""


def _error(reply: Reply) -> str:
    answer = reply.json if isinstance(reply.json, dict) else {}
    error = answer.get("error") or {}
    if not isinstance(error, dict):
        return str(error)
    return f"{error.get('message', '')}: {error.get('detail', '')}"


def _result(reply: Reply) -> list[dict[str, Any]]:
    answer = reply.json if isinstance(reply.json, dict) else {}
    result = answer.get("result") or []
    rows = result if isinstance(result, list) else [result]
    return [row for row in rows if isinstance(row, dict)]


def _remote(row: Mapping[str, Any]) -> Remote:
    return Remote(str(row["sys_id"]), str(row.get("number") or row["sys_id"]))


def _notes(lines: Sequence[str]) -> str:
    """Notes within their limit, the mark at the end always whole."""
    mark = lines[-1]
    return cut_utf16("\n".join(lines[:-1]), NOTES - len(mark) - 1) + "\n" + mark

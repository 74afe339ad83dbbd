"""Jira Cloud: an issue for each ticket (REST API 3; ticketing.md §5)."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agent.config.sinks import Jira as JiraSettings
from agent.config.sinks import Sink as SinkSettings
from agent.net.scrub import scrub
from agent.sinks.base import SinkError, SinkFailure
from agent.sinks.context import SinkContext
from agent.sinks.delivery import Delivery
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.links import Remote
from agent.sinks.remote_ticket import RemoteState, RemoteTicket
from agent.sinks.text import Writer
from agent.sinks.text_limits import cut_utf16, utf16_length
from agent.sinks.ticket_system import RemoteGoneError, Step, TicketSystemSink

SUMMARY = 255
DESCRIPTION = 32767
LABEL = 255
"""Jira's limits, in UTF-16 units."""

_API = "/rest/api/3"
_BAD_REQUEST, _NOT_FOUND, _CONFLICT, _GONE = 400, 404, 409, 410
_OPTIONAL = ("labels", "priority")
_PAGES = 5
_ENVELOPE = 60
_DONE = "done"


def jira_sink(settings: SinkSettings, around: SinkContext) -> TicketSystemSink:
    """A sink that keeps a project's issues up to date."""
    return TicketSystemSink(settings, JiraSystem(settings, around.writer, around.clock), around)


class JiraSystem:
    """One project of one site."""

    def __init__(self, settings: SinkSettings, writer: Writer, clock: Callable[[], float]) -> None:
        assert settings.jira is not None
        self._settings: JiraSettings = settings.jira
        self._writer = writer
        pair = f"{settings.jira.user}:{settings.jira.token.reveal()}"
        token = base64.b64encode(pair.encode()).decode()
        self._wire = SinkHttpClient(settings, clock, {"Authorization": f"Basic {token}"})

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

    async def find(self, ticket_id: str) -> Remote | None:
        """The oldest issue that carries our id as a label or in its text.

        Raises:
            SinkError: on failure; with HTTP 410 the search is gone, and nothing may be made
                until this program knows the new one.
        """
        project = _quoted(self._settings.project)
        jql = f'project = {project} AND (labels = "{ticket_id}" OR text ~ "\\"{ticket_id}\\"")'
        found = [it async for it in self._search(jql) if _carries(it, ticket_id)]
        if not found:
            return None
        oldest = min(found, key=lambda issue: int(issue["id"]))
        return Remote(str(oldest["id"]), str(oldest["key"]))

    async def _search(self, jql: str) -> Any:
        asked: dict[str, object] = {"jql": jql, "fields": ["labels", "description", "summary"]}
        for _page in range(_PAGES):
            reply = await self._wire.ask("POST", f"{_API}/search/jql", json=asked)
            if reply.status in (_GONE, _NOT_FOUND):
                text = f"the search answered HTTP {reply.status}; nothing is made without it"
                raise SinkError(SinkFailure.SEARCH_GONE, text, hold=True)
            answer = _object(self._wire.require_success(reply))
            for issue in answer.get("issues", ()):
                yield issue
            token = answer.get("nextPageToken")
            if not token:
                return
            asked["nextPageToken"] = token

    async def create(self, told: Delivery) -> Remote:
        """Make an issue; without what the project's screens do not have."""
        fields = {
            "project": {"key": self._settings.project},
            "issuetype": {"name": self._settings.issue_type},
            "labels": self._labels(told.id),
            **self._content(told),
        }
        reply = await self._wire.ask("POST", f"{_API}/issue", json={"fields": fields})
        unknown = _wrong_fields(reply) & set(_OPTIONAL)
        if unknown:
            rest = {name: value for name, value in fields.items() if name not in unknown}
            reply = await self._wire.ask("POST", f"{_API}/issue", json={"fields": rest})
        answer = _object(self._wire.require_success(reply))
        if not answer.get("id"):
            raise SinkError(SinkFailure.PROTOCOL, "the answer names no issue", ambiguous=True)
        return Remote(str(answer["id"]), str(answer.get("key", answer["id"])))

    def _labels(self, ticket_id: str) -> list[str]:
        return [cut_utf16(label, LABEL) for label in (*self._settings.labels, ticket_id)]

    def _content(self, told: Delivery) -> dict[str, object]:
        ticket = told.ticket
        content: dict[str, object] = {
            "summary": cut_utf16(self._writer.title(ticket), SUMMARY),
            "description": document(self._writer.description(ticket)),
        }
        priorities = {key.value: name for key, name in self._settings.priorities.items()}
        if priority := priorities.get(str(ticket.get("severity"))):
            content["priority"] = {"name": priority}
        return content

    async def tell(self, remote: str, told: Delivery, step: Step) -> list[str]:
        """Bring summary, description, status and comments up to date."""
        refused = await self._edit(remote, self._content(told))
        if target := getattr(self._settings, step.move, "") if step.move else "":
            refused += await self._move(remote, target, closing=step.move != "reopened")
        if step.news and not (step.again and await self._has(remote, step.news[-1])):
            await self.comment(remote, step.news)
        return refused

    async def _edit(self, remote: str, content: Mapping[str, object]) -> list[str]:
        reply = await self._wire.ask("PUT", f"{_API}/issue/{remote}", json={"fields": content})
        unknown = _wrong_fields(reply) & set(_OPTIONAL)
        if unknown:
            rest = {name: value for name, value in content.items() if name not in unknown}
            reply = await self._wire.ask("PUT", f"{_API}/issue/{remote}", json={"fields": rest})
        if reply.status == _BAD_REQUEST:
            return [f"update: {_why(reply)}"]
        self._here(reply)
        return []

    async def _move(self, remote: str, target: str, *, closing: bool) -> list[str]:
        """Take the transition to ``target``; once again where another was taken meanwhile."""
        for _attempt in range(2):
            status = (await self._fields(remote)).get("status") or {}
            if _is_at(status, target, closing=closing):
                return []
            chosen = _choose(await self._transitions(remote), target, closing=closing)
            if chosen is None:
                return [f"{target}: there is no transition to it from {status.get('name')}"]
            reply = await self._take(remote, chosen, closing=closing)
            if reply.status != _CONFLICT:
                break
        if reply.status in (_BAD_REQUEST, _CONFLICT):
            return [f"{target}: {_why(reply)}"]
        self._here(reply)
        return []

    async def _take(self, remote: str, transition: str, *, closing: bool) -> Reply:
        body: dict[str, object] = {"transition": {"id": transition}}
        if closing and self._settings.resolution:
            body["fields"] = {"resolution": {"name": self._settings.resolution}}
        return await self._wire.ask("POST", f"{_API}/issue/{remote}/transitions", json=body)

    async def _transitions(self, remote: str) -> list[Any]:
        reply = self._here(await self._wire.ask("GET", f"{_API}/issue/{remote}/transitions"))
        return list(_object(reply).get("transitions", ()))

    async def _fields(self, remote: str) -> dict[str, Any]:
        path = f"{_API}/issue/{remote}"
        reply = await self._wire.ask("GET", path, params={"fields": "status,resolution"})
        return dict(_object(self._here(reply)).get("fields") or {})

    async def comment(self, remote: str, lines: Sequence[str]) -> None:
        """Add a comment."""
        path = f"{_API}/issue/{remote}/comment"
        self._here(await self._wire.ask("POST", path, json={"body": document(lines)}))

    async def _has(self, remote: str, mark: str) -> bool:
        path = f"{_API}/issue/{remote}/comment"
        newest = {"orderBy": "-created", "maxResults": "50"}
        reply = self._here(await self._wire.ask("GET", path, params=newest))
        return any(mark in _text(it.get("body")) for it in _object(reply).get("comments", ()))

    async def standing(self, remote: str) -> RemoteTicket:
        """The issue's status and resolution; done is closed."""
        fields = await self._fields(remote)
        status = fields.get("status") or {}
        state = RemoteState.CLOSED if _category(status) == _DONE else RemoteState.OPEN
        resolution = (fields.get("resolution") or {}).get("name", "")
        return RemoteTicket(state, status=scrub(str(status.get("name", ""))), resolution=resolution)

    def _here(self, reply: Reply) -> Reply:
        if reply.status == _NOT_FOUND:
            raise RemoteGoneError
        return self._wire.require_success(reply)


def document(lines: Iterable[str]) -> dict[str, object]:
    """Lines as an Atlassian document within :data:`DESCRIPTION`, nothing in them is markup.

    The document is measured as it is sent, so that it fits however Jira counts.
    """
    content: list[object] = []
    room = DESCRIPTION - _ENVELOPE
    for line in lines:
        empty = _measure(_paragraph("")) + 1
        text = cut_utf16(line, max(room - empty, 0))
        while text and _measure(_paragraph(text)) + 1 > room:
            # Quotes and backslashes take two characters when they are sent.
            text = cut_utf16(text, max(utf16_length(text) * 9 // 10 - 1, 0))
        if not text:
            break
        content.append(_paragraph(text))
        room -= _measure(_paragraph(text)) + 1
    return {"type": "doc", "version": 1, "content": content}


def _paragraph(text: str) -> dict[str, object]:
    return {"type": "paragraph", "content": [{"type": "text", "text": text}]}


def _measure(part: object) -> int:
    return utf16_length(json.dumps(part, ensure_ascii=False, separators=(",", ":")))


def _text(node: Any) -> str:
    """All text of an Atlassian document."""
    if isinstance(node, str):
        return node
    if not isinstance(node, dict):
        return ""
    between = "\n" if node.get("type") == "doc" else ""
    inner = between.join(map(_text, node.get("content") or ()))
    return f"{node.get('text', '')}{inner}"


def _carries(issue: Any, ticket_id: str) -> bool:
    """Whether an issue is ours: others may mention our id, but not in the first line."""
    fields = issue.get("fields") or {}
    first = _text(fields.get("description")).partition("\n")[0]
    return ticket_id in (fields.get("labels") or ()) or first.split()[-1:] == [ticket_id]


def _choose(transitions: list[Any], target: str, *, closing: bool) -> str | None:
    """The transition called, or leading to, ``target``; to close, any that leads to done."""
    wanted = target.casefold()
    ranked: tuple[Callable[[Any], bool], ...] = (
        lambda it: str(it.get("name", "")).casefold() == wanted,
        lambda it: str((it.get("to") or {}).get("name", "")).casefold() == wanted,
        lambda it: closing and _category(it.get("to") or {}) == _DONE,
    )
    for fits in ranked:
        for one in transitions:
            if fits(one):
                return str(one["id"])
    return None


def _is_at(status: Mapping[str, Any], target: str, *, closing: bool) -> bool:
    named = str(status.get("name", "")).casefold() == target.casefold()
    return named or (closing and _category(status) == _DONE)


def _category(status: Mapping[str, Any]) -> str:
    return str((status.get("statusCategory") or {}).get("key", ""))


def _wrong_fields(reply: Reply) -> set[str]:
    if reply.status != _BAD_REQUEST:
        return set()
    return set(_object(reply).get("errors") or {})


def _why(reply: Reply) -> str:
    answer = _object(reply)
    errors = answer.get("errors") or {}
    told = [*(answer.get("errorMessages") or ()), *(f"{k}: {v}" for k, v in errors.items())]
    return scrub("; ".join(map(str, told)) or f"HTTP {reply.status}", 300)


def _object(reply: Reply) -> dict[str, Any]:
    answer = reply.json
    return answer if isinstance(answer, dict) else {}


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

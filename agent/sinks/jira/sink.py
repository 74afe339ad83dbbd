"""Jira Cloud: an issue for each ticket (REST API 3; docs/reference/ticketing.md §5)."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agent.config.sinks import Sink as SinkSettings
from agent.net.scrub import scrub
from agent.sinks.base import RemoteState, RemoteStatus, SinkError, SinkFailure
from agent.sinks.delivery import Delivery
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.jira.callback import CALLBACK
from agent.sinks.jira.config import CONFIGURATION
from agent.sinks.jira.config import Jira as JiraSettings
from agent.sinks.links import Remote
from agent.sinks.registry import SinkContext, SinkKind
from agent.sinks.text import Writer
from agent.sinks.text_limits import cut_utf16, utf16_length
from agent.sinks.ticket_system import RemoteGoneError, TicketSystemSink, TicketUpdate

MAX_SUMMARY = 255
MAX_DESCRIPTION = 32767
MAX_LABEL = 255
"""Jira's limits, in UTF-16 units."""

_API = "/rest/api/3"
_BAD_REQUEST, _NOT_FOUND, _CONFLICT, _GONE = 400, 404, 409, 410
_OPTIONAL = frozenset({"labels", "priority"})
"""Fields an issue can be created without, if the project's screens lack them."""
_MAX_PAGES = 5
_ENVELOPE = 60
"""UTF-16 units of an Atlassian document without content."""
_DONE = "done"


class JiraSystem:
    """The API of one site, for one project."""

    def __init__(self, settings: SinkSettings, writer: Writer, clock: Callable[[], float]) -> None:
        own = self._settings = settings.section(JiraSettings)
        self._writer = writer
        pair = f"{own.user}:{own.token.reveal()}"
        token = base64.b64encode(pair.encode()).decode()
        self._client = SinkHttpClient(settings, clock, {"Authorization": f"Basic {token}"})

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def find(self, ticket_id: str) -> Remote | None:
        """The oldest issue with our id as a label or at the end of its first line.

        Raises:
            SinkError: when the query fails. HTTP 410 or 404 holds the sink: Jira has removed
                the search, and without one nothing may be created.
        """
        project = _quoted(self._settings.project)
        jql = f'project = {project} AND (labels = "{ticket_id}" OR text ~ "\\"{ticket_id}\\"")'
        issues = [it async for it in self._search(jql) if _is_ours(it, ticket_id)]
        if not issues:
            return None
        oldest = min(issues, key=lambda issue: int(issue["id"]))
        return Remote(str(oldest["id"]), str(oldest["key"]))

    async def _search(self, jql: str) -> Any:
        query: dict[str, object] = {"jql": jql, "fields": ["labels", "description", "summary"]}
        for _page in range(_MAX_PAGES):
            reply = await self._client.request("POST", f"{_API}/search/jql", json=query)
            if reply.status in (_GONE, _NOT_FOUND):
                text = f"the search answered HTTP {reply.status}; nothing is created without it"
                raise SinkError(SinkFailure.SEARCH_GONE, text, hold=True)
            answer = self._client.require_success(reply).json_object
            for issue in answer.get("issues", ()):
                yield issue
            token = answer.get("nextPageToken")
            if not token:
                return
            query["nextPageToken"] = token

    async def create(self, delivery: Delivery) -> Remote:
        """Create an issue, without the optional fields that the project's screens lack."""
        fields = {
            "project": {"key": self._settings.project},
            "issuetype": {"name": self._settings.issue_type},
            "labels": self._labels(delivery.id),
            **self._content(delivery),
        }
        reply = await self._client.request("POST", f"{_API}/issue", json={"fields": fields})
        unknown = _wrong_fields(reply) & _OPTIONAL
        if unknown:
            rest = {name: value for name, value in fields.items() if name not in unknown}
            reply = await self._client.request("POST", f"{_API}/issue", json={"fields": rest})
        answer = self._client.require_success(reply).json_object
        if not answer.get("id"):
            raise SinkError(SinkFailure.PROTOCOL, "the answer names no issue", ambiguous=True)
        return Remote(str(answer["id"]), str(answer.get("key", answer["id"])))

    def _labels(self, ticket_id: str) -> list[str]:
        return [cut_utf16(label, MAX_LABEL) for label in (*self._settings.labels, ticket_id)]

    def _content(self, delivery: Delivery) -> dict[str, object]:
        ticket = delivery.ticket
        content: dict[str, object] = {
            "summary": cut_utf16(self._writer.title(ticket), MAX_SUMMARY),
            "description": document(self._writer.description(ticket)),
        }
        priorities = {key.value: name for key, name in self._settings.priorities.items()}
        if priority := priorities.get(str(ticket.get("severity"))):
            content["priority"] = {"name": priority}
        return content

    async def update(self, remote: str, delivery: Delivery, update: TicketUpdate) -> list[str]:
        """Bring summary, description, status and comments up to date."""
        refusals = await self._edit(remote, self._content(delivery))
        if target := getattr(self._settings, update.move, "") if update.move else "":
            refusals += await self._move(remote, target, closing=update.move != "reopened")
        lines = update.comment
        if lines and not (update.is_retry and await self._has_comment(remote, lines[-1])):
            await self.comment(remote, lines)
        return refusals

    async def _edit(self, remote: str, content: Mapping[str, object]) -> list[str]:
        reply = await self._client.request(
            "PUT", f"{_API}/issue/{remote}", json={"fields": content}
        )
        unknown = _wrong_fields(reply) & _OPTIONAL
        if unknown:
            rest = {name: value for name, value in content.items() if name not in unknown}
            reply = await self._client.request(
                "PUT", f"{_API}/issue/{remote}", json={"fields": rest}
            )
        if reply.status == _BAD_REQUEST:
            return [f"update: {_why(reply)}"]
        self._require_issue(reply)
        return []

    async def _move(self, remote: str, target: str, *, closing: bool) -> list[str]:
        """Make the transition to ``target``; returns why it was refused, if it was."""
        # HTTP 409: somebody made another transition meanwhile, so other ones are offered now.
        for _attempt in range(2):
            status = (await self._fields(remote)).get("status") or {}
            if _has_status(status, target, closing=closing):
                return []
            chosen = _choose(await self._transitions(remote), target, closing=closing)
            if chosen is None:
                return [f"{target}: there is no transition to it from {status.get('name')}"]
            reply = await self._transition(remote, chosen, closing=closing)
            if reply.status != _CONFLICT:
                break
        if reply.status in (_BAD_REQUEST, _CONFLICT):
            return [f"{target}: {_why(reply)}"]
        self._require_issue(reply)
        return []

    async def _transition(self, remote: str, transition: str, *, closing: bool) -> Reply:
        body: dict[str, object] = {"transition": {"id": transition}}
        if closing and self._settings.resolution:
            body["fields"] = {"resolution": {"name": self._settings.resolution}}
        return await self._client.request("POST", f"{_API}/issue/{remote}/transitions", json=body)

    async def _transitions(self, remote: str) -> list[Any]:
        reply = self._require_issue(
            await self._client.request("GET", f"{_API}/issue/{remote}/transitions")
        )
        return list(reply.json_object.get("transitions", ()))

    async def _fields(self, remote: str) -> dict[str, Any]:
        path = f"{_API}/issue/{remote}"
        reply = await self._client.request("GET", path, params={"fields": "status,resolution"})
        return dict(self._require_issue(reply).json_object.get("fields") or {})

    async def comment(self, remote: str, lines: Sequence[str]) -> None:
        """Add a comment."""
        path = f"{_API}/issue/{remote}/comment"
        self._require_issue(
            await self._client.request("POST", path, json={"body": document(lines)})
        )

    async def _has_comment(self, remote: str, marker: str) -> bool:
        path = f"{_API}/issue/{remote}/comment"
        newest = {"orderBy": "-created", "maxResults": "50"}
        reply = self._require_issue(await self._client.request("GET", path, params=newest))
        comments = reply.json_object.get("comments", ())
        return any(marker in _text(it.get("body")) for it in comments)

    async def status(self, remote: str) -> RemoteStatus:
        """The issue's status and resolution; the category ``done`` counts as closed."""
        fields = await self._fields(remote)
        status = fields.get("status") or {}
        state = RemoteState.CLOSED if _category(status) == _DONE else RemoteState.OPEN
        resolution = (fields.get("resolution") or {}).get("name", "")
        return RemoteStatus(state, status=scrub(str(status.get("name", ""))), resolution=resolution)

    def _require_issue(self, reply: Reply) -> Reply:
        if reply.status == _NOT_FOUND:
            raise RemoteGoneError
        return self._client.require_success(reply)


def document(lines: Iterable[str]) -> dict[str, object]:
    """Lines as an Atlassian document within :data:`MAX_DESCRIPTION`; no line can become markup.

    The document is measured as it is sent in JSON, so that it fits however Jira counts.
    """
    content: list[object] = []
    available = MAX_DESCRIPTION - _ENVELOPE
    for line in lines:
        empty = _measure(_paragraph("")) + 1
        text = cut_utf16(line, max(available - empty, 0))
        while text and _measure(_paragraph(text)) + 1 > available:
            # Quotes and backslashes take two characters in JSON.
            text = cut_utf16(text, max(utf16_length(text) * 9 // 10 - 1, 0))
        if not text:
            break
        content.append(_paragraph(text))
        available -= _measure(_paragraph(text)) + 1
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


def _is_ours(issue: Any, ticket_id: str) -> bool:
    """Whether an issue is ours: others may mention our id, but not at the end of line one."""
    fields = issue.get("fields") or {}
    first = _text(fields.get("description")).partition("\n")[0]
    return ticket_id in (fields.get("labels") or ()) or first.split()[-1:] == [ticket_id]


def _choose(transitions: list[Any], target: str, *, closing: bool) -> str | None:
    """The id of the transition called ``target``, or of one that leads to that status.

    To close, one that leads to any status of the category ``done`` will do.
    """
    name = target.casefold()
    ranked: tuple[Callable[[Any], bool], ...] = (
        lambda it: str(it.get("name", "")).casefold() == name,
        lambda it: str((it.get("to") or {}).get("name", "")).casefold() == name,
        lambda it: closing and _category(it.get("to") or {}) == _DONE,
    )
    for matches in ranked:
        for transition in transitions:
            if matches(transition):
                return str(transition["id"])
    return None


def _has_status(status: Mapping[str, Any], target: str, *, closing: bool) -> bool:
    named = str(status.get("name", "")).casefold() == target.casefold()
    return named or (closing and _category(status) == _DONE)


def _category(status: Mapping[str, Any]) -> str:
    return str((status.get("statusCategory") or {}).get("key", ""))


def _wrong_fields(reply: Reply) -> set[str]:
    if reply.status != _BAD_REQUEST:
        return set()
    return set(reply.json_object.get("errors") or {})


def _why(reply: Reply) -> str:
    answer = reply.json_object
    errors = answer.get("errors") or {}
    messages = [*(answer.get("errorMessages") or ()), *(f"{k}: {v}" for k, v in errors.items())]
    return scrub("; ".join(map(str, messages)) or f"HTTP {reply.status}", 300)


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _build(settings: SinkSettings, context: SinkContext) -> TicketSystemSink:
    system = JiraSystem(settings, context.writer, context.clock)
    return TicketSystemSink(settings, system, context)


KIND = SinkKind(CONFIGURATION, _build, CALLBACK)

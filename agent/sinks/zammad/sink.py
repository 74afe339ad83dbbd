"""Zammad: a ticket for each ticket (REST API; docs/reference/ticketing.md §5)."""

from collections.abc import Callable, Sequence
from hashlib import sha1
from typing import Any

from agent.config.sinks import Sink as SinkSettings
from agent.net.scrub import scrub
from agent.sinks.base import RemoteState, RemoteStatus, SinkError, SinkFailure
from agent.sinks.callback import Callback, CallbackFormat, body_hmac, callback, timestamp
from agent.sinks.delivery import Delivery
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.links import Remote
from agent.sinks.registry import SinkContext, SinkKind
from agent.sinks.text import Writer
from agent.sinks.text_limits import cut_utf16
from agent.sinks.ticket_system import RemoteGoneError, TicketSystemSink, TicketUpdate
from agent.sinks.zammad.config import CONFIGURATION
from agent.sinks.zammad.config import Zammad as ZammadSettings
from agent.states import Stage

MAX_TITLE = 250
MAX_BODY = 32_000
"""In characters; the first is the column's length."""

_NOT_FOUND, _UNPROCESSABLE = 404, 422
_SEARCH = "/api/v1/tickets/search"
_CLOSED = frozenset({"closed", "merged", "removed"})


class ZammadSystem:
    """The API of one Zammad, for one group."""

    def __init__(self, settings: SinkSettings, writer: Writer, clock: Callable[[], float]) -> None:
        own = self._settings = settings.section(ZammadSettings)
        self._writer = writer
        token = own.token.reveal()
        self._client = SinkHttpClient(settings, clock, {"Authorization": f"Token token={token}"})

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def find(self, ticket_id: str) -> Remote | None:
        """The first ticket whose title ends in our id.

        Raises:
            SinkError: when the query fails. HTTP 404 holds the sink: its address leads to no
                Zammad, and a ticket that was created without a search may be a second one.
        """
        query = {"query": f'title:"{ticket_id}"', "limit": "50", "expand": "true"}
        reply = await self._client.request("GET", _SEARCH, params=query)
        if reply.status == _NOT_FOUND:
            text = f"{_SEARCH} answers 404; correct the url of this sink, or its proxy"
            raise SinkError(SinkFailure.SEARCH_GONE, text, hold=True)
        answer = self._client.require_success(reply).json
        tickets = answer if isinstance(answer, list) else []
        ours = [it for it in tickets if str(it.get("title", "")).endswith(f"[{ticket_id}]")]
        return _remote(min(ours, key=lambda it: int(it["id"]))) if ours else None

    async def create(self, delivery: Delivery) -> Remote:
        """Create a ticket, and the customer if there is none with that address."""
        lines = self._writer.description(delivery.ticket)
        body = {
            "title": self._title(delivery),
            "group": self._settings.group,
            "customer_id": f"guess:{self._settings.customer}",
            "article": self._article(self._title(delivery), lines),
        }
        reply = self._client.require_success(
            await self._client.request("POST", "/api/v1/tickets", json=body)
        )
        ticket = reply.json_object
        if not ticket.get("id"):
            raise SinkError(SinkFailure.PROTOCOL, "the answer names no ticket", ambiguous=True)
        return _remote(ticket)

    def _title(self, delivery: Delivery) -> str:
        suffix = f" [{delivery.id}]"
        return cut_utf16(self._writer.title(delivery.ticket), MAX_TITLE - len(suffix)) + suffix

    def _article(self, subject: str, lines: Sequence[str]) -> dict[str, object]:
        return {
            "subject": subject,
            "body": cut_utf16("\n".join(lines), MAX_BODY),
            "content_type": "text/plain",
            "type": "note",
            "internal": self._settings.internal,
        }

    async def update(self, remote: str, delivery: Delivery, update: TicketUpdate) -> list[str]:
        """Send title, article and state in one request; without the state if that is refused."""
        body: dict[str, object] = {"title": self._title(delivery)}
        lines = update.comment
        if lines and not (update.is_retry and await self._has_article(remote, lines[-1])):
            body["article"] = self._article(self._title(delivery), _fit(lines))
        target = getattr(self._settings, update.move) if update.move else ""
        state = {"state": target} if target and not await self._has_state(remote, target) else {}
        reply = await self._put(remote, {**body, **state})
        if reply.status != _UNPROCESSABLE:
            self._require_ticket(reply)
            return []
        refusal = _refusal(reply)
        if not state:
            return [f"update: {refusal}"]
        self._require_ticket(await self._put(remote, body))
        return [f"{target}: {refusal}"]

    async def _put(self, remote: str, body: object) -> Reply:
        return await self._client.request("PUT", f"/api/v1/tickets/{remote}", json=body)

    async def _has_state(self, remote: str, target: str) -> bool:
        state = str((await self._ticket(remote)).get("state", ""))
        return state == target or (target in _CLOSED and state in _CLOSED)

    async def comment(self, remote: str, lines: Sequence[str]) -> None:
        """Add an article."""
        article = self._article("numwatch", _fit(lines))
        self._require_ticket(await self._put(remote, {"article": article}))

    async def _has_article(self, remote: str, marker: str) -> bool:
        path = f"/api/v1/ticket_articles/by_ticket/{remote}"
        answer = self._require_ticket(await self._client.request("GET", path)).json
        articles = answer if isinstance(answer, list) else []
        return any(marker in str(it.get("body", "")) for it in articles)

    async def status(self, remote: str) -> RemoteStatus:
        """The ticket's state; a merged or removed ticket counts as closed."""
        status = str((await self._ticket(remote)).get("state", ""))
        state = RemoteState.CLOSED if status in _CLOSED else RemoteState.OPEN
        return RemoteStatus(state, status=status)

    async def _ticket(self, remote: str) -> dict[str, Any]:
        path = f"/api/v1/tickets/{remote}"
        reply = await self._client.request("GET", path, params={"expand": "true"})
        return self._require_ticket(reply).json_object

    def _require_ticket(self, reply: Reply) -> Reply:
        if reply.status == _NOT_FOUND:
            raise RemoteGoneError
        return self._client.require_success(reply)


def _fit(lines: Sequence[str]) -> list[str]:
    """Lines within the limit of an article, with the marker at the end always whole."""
    marker = lines[-1]
    return [cut_utf16("\n".join(lines[:-1]), MAX_BODY - len(marker) - 1), marker]


def _refusal(reply: Reply) -> str:
    answer = reply.json_object
    return scrub(str(answer.get("error_human") or answer.get("error") or "HTTP 422"), 300)


def _remote(ticket: dict[str, Any]) -> Remote:
    return Remote(str(ticket["id"]), str(ticket.get("number") or ticket["id"]))


def _build(settings: SinkSettings, context: SinkContext) -> TicketSystemSink:
    system = ZammadSystem(settings, context.writer, context.clock)
    return TicketSystemSink(settings, system, context)


def _read_callback(body: dict[str, Any]) -> Callback:
    """A trigger's webhook with Zammad's usual payload."""
    ticket = body["ticket"]
    state = ticket["state"]
    name = state["name"] if isinstance(state, dict) else state
    person = ticket.get("updated_by")
    actor = person.get("login") if isinstance(person, dict) else person
    return callback(ticket["id"], "", timestamp(ticket["updated_at"]), actor, [str(name)])


_CALLBACK = CallbackFormat(
    stages={"open": Stage.ACCEPTED, "closed": Stage.CLOSED, "merged": Stage.CLOSED},
    read=_read_callback,
    signature=body_hmac("sha1", sha1),
)
KIND = SinkKind(CONFIGURATION, _build, _CALLBACK)

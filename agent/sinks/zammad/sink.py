"""Zammad: a ticket for each ticket (REST API; ticketing.md §5)."""

from collections.abc import Callable, Sequence
from typing import Any

from agent.config.sinks import Sink as SinkSettings
from agent.config.sinks import Zammad as ZammadSettings
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

TITLE = 250
BODY = 32_000

_NOT_FOUND, _UNPROCESSABLE = 404, 422
_CLOSED = frozenset({"closed", "merged", "removed"})


def zammad_sink(settings: SinkSettings, around: SinkContext) -> TicketSystemSink:
    """A sink that keeps a group's tickets up to date."""
    return TicketSystemSink(settings, ZammadSystem(settings, around.writer, around.clock), around)


class ZammadSystem:
    """One group of one Zammad."""

    def __init__(self, settings: SinkSettings, writer: Writer, clock: Callable[[], float]) -> None:
        assert settings.zammad is not None
        self._settings: ZammadSettings = settings.zammad
        self._writer = writer
        token = settings.zammad.token.reveal()
        self._wire = SinkHttpClient(settings, clock, {"Authorization": f"Token token={token}"})

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

    async def find(self, ticket_id: str) -> Remote | None:
        """The first ticket whose title ends in our id."""
        asked = {"query": f'title:"{ticket_id}"', "limit": "50", "expand": "true"}
        found = self._wire.require_success(
            await self._wire.ask("GET", "/api/v1/tickets/search", params=asked)
        ).json
        tickets = found if isinstance(found, list) else []
        ours = [it for it in tickets if str(it.get("title", "")).endswith(f"[{ticket_id}]")]
        return _remote(min(ours, key=lambda it: int(it["id"]))) if ours else None

    async def create(self, told: Delivery) -> Remote:
        """Make a ticket; the customer is made too where there is none."""
        lines = self._writer.description(told.ticket)
        body = {
            "title": self._title(told),
            "group": self._settings.group,
            "customer_id": f"guess:{self._settings.customer}",
            "article": self._article(self._title(told), lines),
        }
        reply = self._wire.require_success(
            await self._wire.ask("POST", "/api/v1/tickets", json=body)
        )
        made = _object(reply)
        if not made.get("id"):
            raise SinkError(SinkFailure.PROTOCOL, "the answer names no ticket", ambiguous=True)
        return _remote(made)

    def _title(self, told: Delivery) -> str:
        mark = f" [{told.id}]"
        return cut_utf16(self._writer.title(told.ticket), TITLE - len(mark)) + mark

    def _article(self, subject: str, lines: Sequence[str]) -> dict[str, object]:
        return {
            "subject": subject,
            "body": cut_utf16("\n".join(lines), BODY),
            "content_type": "text/plain",
            "type": "note",
            "internal": self._settings.internal,
        }

    async def tell(self, remote: str, told: Delivery, step: Step) -> list[str]:
        """One request for title, article and state; without the state where it is refused."""
        body: dict[str, object] = {"title": self._title(told)}
        if step.news and not (step.again and await self._has(remote, step.news[-1])):
            body["article"] = self._article(self._title(told), _whole(step.news))
        target = getattr(self._settings, step.move) if step.move else ""
        state = {"state": target} if target and not await self._is_at(remote, target) else {}
        reply = await self._put(remote, {**body, **state})
        if reply.status != _UNPROCESSABLE:
            self._require_success(reply)
            return []
        why = _why(reply)
        if not state:
            return [f"update: {why}"]
        self._require_success(await self._put(remote, body))
        return [f"{target}: {why}"]

    async def _put(self, remote: str, body: object) -> Reply:
        return await self._wire.ask("PUT", f"/api/v1/tickets/{remote}", json=body)

    async def _is_at(self, remote: str, target: str) -> bool:
        state = str((await self._ticket(remote)).get("state", ""))
        return state == target or (target in _CLOSED and state in _CLOSED)

    async def comment(self, remote: str, lines: Sequence[str]) -> None:
        """Add an article."""
        article = self._article("numwatch", _whole(lines))
        self._require_success(await self._put(remote, {"article": article}))

    async def _has(self, remote: str, mark: str) -> bool:
        path = f"/api/v1/ticket_articles/by_ticket/{remote}"
        articles = self._require_success(await self._wire.ask("GET", path)).json
        known = articles if isinstance(articles, list) else []
        return any(mark in str(it.get("body", "")) for it in known)

    async def standing(self, remote: str) -> RemoteTicket:
        """The ticket's state; closed and merged are closed."""
        status = str((await self._ticket(remote)).get("state", ""))
        state = RemoteState.CLOSED if status in _CLOSED else RemoteState.OPEN
        return RemoteTicket(state, status=status)

    async def _ticket(self, remote: str) -> dict[str, Any]:
        path = f"/api/v1/tickets/{remote}"
        return _object(
            self._require_success(await self._wire.ask("GET", path, params={"expand": "true"}))
        )

    def _require_success(self, reply: Reply) -> Reply:
        if reply.status == _NOT_FOUND:
            raise RemoteGoneError
        return self._wire.require_success(reply)


def _whole(lines: Sequence[str]) -> list[str]:
    """Lines within the limit of an article, the mark at the end always whole."""
    mark = lines[-1]
    return [cut_utf16("\n".join(lines[:-1]), BODY - len(mark) - 1), mark]


def _why(reply: Reply) -> str:
    answer = _object(reply)
    return scrub(str(answer.get("error_human") or answer.get("error") or "HTTP 422"), 300)


def _object(reply: Reply) -> dict[str, Any]:
    return reply.json if isinstance(reply.json, dict) else {}


def _remote(ticket: dict[str, Any]) -> Remote:
    return Remote(str(ticket["id"]), str(ticket.get("number") or ticket["id"]))

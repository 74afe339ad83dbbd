"""``/api/complaints``: what waits for an answer, and what people do about it."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from agent.complaints.actions import ComplaintAct, ComplaintActError, Done, perform
from agent.complaints.repository import Complaints, Kept
from agent.complaints.rounds import Tickets
from agent.config.settings import Settings
from agent.net.scrub import scrub
from agent.tickets.document import complaint_document

PATH = "/api/complaints"
_MOST = 1000
_DEFAULT = 100
_EXAMPLE = (
    '{"action": "reply", "actor": "Li Wei", "text": "what was said", "fields": {}} with an action'
    f" of {', '.join(ComplaintAct)}"
)


class ComplaintActionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sent to act on a complaint."""

    action: ComplaintAct
    actor: str
    text: str
    fields: dict[str, str] = {}


class ComplaintApi:
    """Shows complaints and takes what is done about them; the web application lets people in.

    Args:
        complaints: All complaints.
        tickets: Which are told of it.
        settings: The configuration as it is now.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        complaints: Complaints,
        tickets: Tickets,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
    ) -> None:
        self._complaints = complaints
        self._tickets = tickets
        self._settings = settings
        self._clock = clock
        self._turn = asyncio.Lock()

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The endpoints, for the web application."""
        return (
            web.get(PATH, self.list),
            web.get(f"{PATH}/{{id}}", self.show),
            web.post(f"{PATH}/{{id}}/actions", self.act),
        )

    async def list(self, request: web.Request) -> web.Response:
        """The newest complaints, of one number where ``number`` asks for it."""
        most = request.query.get("limit", str(_DEFAULT))
        if not most.isascii() or not most.isdigit() or not 1 <= int(most) <= _MOST:
            return _problem(HTTPStatus.BAD_REQUEST, "limit", f"a count from 1 to {_MOST}")
        found = await self._complaints.newest(int(most), request.query.get("number", ""))
        return _json({"items": [self._told(kept) for kept in found]})

    async def show(self, request: web.Request) -> web.Response:
        """One complaint."""
        found = await self._complaints.find(request.match_info["id"])
        return _unknown() if found is None else _json(self._told(found))

    async def act(self, request: web.Request) -> web.Response:
        """Do something about a complaint; its ticket is told of it too."""
        if request.content_type != "application/json":
            return _problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the type", "application/json")
        try:
            asked = msgspec.json.decode(await request.read(), type=ComplaintActionRequest)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return _problem(HTTPStatus.BAD_REQUEST, str(error), _EXAMPLE)
        async with self._turn:
            found = await self._complaints.find(request.match_info["id"])
            if found is None:
                return _unknown()
            try:
                after = self._done(found, asked)
            except ComplaintActError as error:
                return _problem(HTTPStatus.CONFLICT, str(error), _EXAMPLE)
            await self._complaints.note({after.complaint.id: after}, (), self._clock())
            await self._tell(after)
        return _json(self._told(after))

    def _done(self, found: Kept, asked: ComplaintActionRequest) -> Kept:
        fields = {name: scrub(text, 100).strip() for name, text in asked.fields.items()}
        actor, text = scrub(asked.actor, 100).strip(), scrub(asked.text, 2000).strip()
        done = Done(asked.action, actor, text, fields)
        zone = self._settings().timezone
        after = perform(found.complaint, done, self._clock(), zone)
        return msgspec.structs.replace(found, complaint=after)

    async def _tell(self, kept: Kept) -> None:
        ticket = next((it for it in self._tickets.open if it.id == kept.ticket_id), None)
        if ticket is not None:
            await self._tickets.attach_complaints({ticket.key: [kept.complaint]}, self._clock())

    def _told(self, kept: Kept) -> dict[str, Any]:
        waits = kept.complaint.id in self._complaints.waiting
        told = {"number": kept.complaint.number, "ticket": kept.ticket_id, "waiting": waits}
        return complaint_document(kept.complaint) | told


def _json(body: object, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )


def _problem(status: HTTPStatus, error: str, expected: str) -> web.Response:
    return _json({"error": f"{status.value} {error}", "expected": expected}, status)


def _unknown() -> web.Response:
    expected = f"the id of a complaint listed at {PATH}"
    return _problem(HTTPStatus.NOT_FOUND, "there is no such complaint", expected)

"""``/api/complaints``: lists complaints, shows one, and takes actions on it."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web
from msgspec.structs import replace

from agent.complaints.actions import (
    ComplaintAction,
    ComplaintActionError,
    ComplaintActionRequest,
    perform,
)
from agent.complaints.complaint import reporter_of
from agent.complaints.correlation import ComplaintCorrelator
from agent.complaints.recorder import ComplaintRecorder
from agent.complaints.reporters import Reporters
from agent.complaints.repository import StoredComplaint
from agent.complaints.webhook import PROGRESS_PATH as PATH
from agent.net.scrub import scrub
from agent.tickets.document import complaint_document
from agent.webhooks.auth import signed_name
from agent.webhooks.handler import json_response

_MAX_LIMIT = 1000
_DEFAULT_LIMIT = 100
_EXAMPLE = (
    '{"action": "reply", "actor": "Li Wei", "text": "what was said", "fields": {}} with an action'
    f" of {', '.join(ComplaintAction)}"
)


class ComplaintApi:
    """The handlers of ``/api/complaints``; the web application authorizes their requests.

    Args:
        recorder: Records complaints; it has their repository.
        correlator: Finds the open tickets, which show the complaints that belong to them.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        recorder: ComplaintRecorder,
        correlator: ComplaintCorrelator,
        clock: Callable[[], float],
    ) -> None:
        self.recorder = recorder
        self.repository = self._complaints = recorder.repository
        self.reporters = Reporters(recorder.repository)
        self._correlator = correlator
        self._tickets = correlator.tickets
        self._settings = correlator.settings
        self._clock = clock

    def routes(self) -> tuple[web.RouteDef, ...]:
        """The handlers by method and path, for the web application."""
        return (
            web.get(PATH, self.list),
            web.get(f"{PATH}/{{id}}", self.show),
            web.post(f"{PATH}/{{id}}/actions", self.act),
        )

    async def list(self, request: web.Request) -> web.Response:
        """Respond with the newest ``limit`` complaints, of one ``number`` or ``reporter``."""
        limit = request.query.get("limit", str(_DEFAULT_LIMIT))
        if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= _MAX_LIMIT:
            return _problem(HTTPStatus.BAD_REQUEST, "limit", f"a count from 1 to {_MAX_LIMIT}")
        number, reporter = (request.query.get(name, "") for name in ("number", "reporter"))
        newest = await self._complaints.newest(int(limit), number, reporter)
        return json_response({"items": await self._documents(newest)})

    async def show(self, request: web.Request) -> web.Response:
        """Respond with one complaint."""
        stored = await self._complaints.find(request.match_info["id"])
        return _not_found() if stored is None else await self._respond(stored)

    async def act(self, request: web.Request) -> web.Response:
        """Perform an action on a complaint, and update it in its open ticket."""
        if request.content_type != "application/json":
            return _problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the type", "application/json")
        try:
            action = msgspec.json.decode(await request.read(), type=ComplaintActionRequest)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return _problem(HTTPStatus.BAD_REQUEST, str(error), _EXAMPLE)
        action = replace(action, actor=signed_name(request, action.actor))
        try:
            after = await self.perform(request.match_info["id"], action)
        except ComplaintActionError as error:
            return _problem(HTTPStatus.CONFLICT, str(error), _EXAMPLE)
        return _not_found() if after is None else await self._respond(after)

    async def attach(self) -> None:
        """Attach complaints to the open tickets they belong to, without waiting for a round.

        Raises:
            StoreError: when the ledger refuses.
        """
        await self._correlator.attach(self._clock())

    async def perform(
        self, complaint_id: str, action: ComplaintActionRequest
    ) -> StoredComplaint | None:
        """Perform an action on a complaint, and update it in its open ticket.

        Returns:
            The complaint after it; ``None`` when there is no such complaint.

        Raises:
            ComplaintActionError: when the action is not possible.
            StoreError: when the ledger refuses.
        """
        # One action at a time: a step that two people complete at once is completed once. And none
        # while complaints are put to tickets, which writes them as they were read.
        async with self._correlator.lock:
            stored = await self._complaints.find(complaint_id)
            if stored is None:
                return None
            after = self._perform(stored, action)
            await self._complaints.update({after.complaint.id: after}, (), self._clock())
            await self._update_ticket(after)
            return after

    def _perform(self, stored: StoredComplaint, action: ComplaintActionRequest) -> StoredComplaint:
        clean = replace(
            action,
            actor=scrub(action.actor, 100).strip(),
            text=scrub(action.text, 2000).strip(),
            fields={name: scrub(text, 100).strip() for name, text in action.fields.items()},
        )
        zone = self._settings().timezone
        return replace(stored, complaint=perform(stored.complaint, clean, self._clock(), zone))

    async def _update_ticket(self, stored: StoredComplaint) -> None:
        for ticket in self._tickets.open:
            if ticket.id == stored.ticket_id:
                complaints = {ticket.key: [stored.complaint]}
                await self._tickets.attach_complaints(complaints, self._clock())
                return

    async def _respond(self, stored: StoredComplaint) -> web.Response:
        (document,) = await self._documents([stored])
        return json_response(document)

    async def _documents(self, shown: Sequence[StoredComplaint]) -> Sequence[dict[str, Any]]:
        repeats = await self.reporters.repeats_of(it.complaint for it in shown)
        return [
            complaint_document(it.complaint)
            | {
                "number": it.complaint.number,
                "ticket": it.ticket_id,
                "waiting": it.complaint.id in self._complaints.waiting,
                "reporter": reporter_of(it.complaint),
                "repeats": repeats.get(it.complaint.id, 0),
            }
            for it in shown
        ]


def _problem(status: HTTPStatus, error: str, expected: str) -> web.Response:
    return json_response({"error": f"{status.value} {error}", "expected": expected}, status)


def _not_found() -> web.Response:
    expected = f"the id of a complaint listed at {PATH}"
    return _problem(HTTPStatus.NOT_FOUND, "there is no such complaint", expected)

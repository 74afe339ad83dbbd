"""ServiceNow's Table API as far as incidents go (docs/reference/ticketing.md §5)."""

import base64
import re
from typing import Any

from aiohttp import web

from tests.sinks.systems.server import System, answer, utf16

_TABLE = "/api/now/table/incident"
_ID = re.compile(r"correlation_id=(?P<id>[^^]+)\^ORDERBYsys_created_on")


class ServiceNowServer(System):
    kind = "servicenow"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.incidents: dict[str, dict[str, str]] = {}
        self.journal: dict[str, list[str]] = {}
        self.mandatory: set[str] = {"close_code", "close_notes"}
        """What the data policy asks for when an incident is resolved."""
        self.resolving_aborts = ""
        self.password = "pass-1"

    def section(self) -> dict[str, Any]:
        return {"servicenow": {"user": "bot", "password": "pass-1"}}

    def break_credentials(self) -> None:
        self.password = "another"

    def restore_credentials(self) -> None:
        self.password = "pass-1"

    def seen(self) -> list[str]:
        return [it["correlation_id"] for it in self.incidents.values()]

    def is_over(self, ticket_id: str) -> bool:
        ours = (it for it in self.incidents.values() if it["correlation_id"] == ticket_id)
        return any(it["state"] in ("6", "7") for it in ours)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(_TABLE, self._create),
            web.get(_TABLE, self._search),
            web.get(_TABLE + "/{id}", self._show),
            web.patch(_TABLE + "/{id}", self._edit),
            web.get("/api/now/table/sys_journal_field", self._notes),
        ]

    def _check(self, request: web.Request) -> None:
        expected = base64.b64encode(f"bot:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            raise web.HTTPUnauthorized(text='{"error":{"message":"User Not Authenticated"}}')

    def _incident(self, request: web.Request) -> dict[str, str]:
        self._check(request)
        incident = self.incidents.get(request.match_info["id"])
        if incident is None:
            raise web.HTTPNotFound(text='{"error":{"message":"No Record found"}}')
        return incident

    async def _create(self, request: web.Request) -> web.Response:
        self._check(request)
        body = await request.json()
        assert utf16(body["short_description"]) <= 160
        assert utf16(body["description"]) <= 4000
        assert utf16(body["correlation_id"]) <= 100
        id_ = f"{len(self.incidents) + 1:032x}"
        number = f"INC{len(self.incidents) + 1:07}"
        incident = {"sys_id": id_, "number": number, "state": "1", "close_code": "", **body}
        self.incidents[id_] = incident
        self.journal[id_] = []
        return answer({"result": incident}, 201, Location=f"{_TABLE}/{id_}")

    async def _search(self, request: web.Request) -> web.Response:
        self._check(request)
        parsed = _ID.fullmatch(request.query["sysparm_query"])
        assert parsed is not None
        ours = [it for it in self.incidents.values() if it["correlation_id"] == parsed["id"]]
        return answer({"result": ours})

    async def _show(self, request: web.Request) -> web.Response:
        return answer({"result": self._incident(request)})

    async def _edit(self, request: web.Request) -> web.Response:
        incident = self._incident(request)
        body = await request.json()
        assert utf16(body.get("work_notes", "")) <= 4000
        if body.get("state") == "6" and (why := self._objection(body)):
            error = {"message": "Operation Failed", "detail": why}
            return answer({"error": error, "status": "failure"}, 403)
        if notes := body.pop("work_notes", ""):
            self.journal[incident["sys_id"]].append(notes)
        incident.update(body)
        return answer({"result": incident})

    def _objection(self, body: dict[str, str]) -> str:
        missing = sorted(name for name in self.mandatory if not body.get(name))
        if missing:
            return f"Data Policy Exception: The following fields are mandatory: {missing}"
        return self.resolving_aborts

    async def _notes(self, request: web.Request) -> web.Response:
        self._check(request)
        id_ = request.query["sysparm_query"].partition("^")[0].removeprefix("element_id=")
        return answer({"result": [{"value": it} for it in self.journal.get(id_, [])]})

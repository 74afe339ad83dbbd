"""Zammad's REST API as far as tickets go (docs/reference/ticketing.md §5)."""

import re
from typing import Any

from aiohttp import web

from tests.sinks.systems.server import System, answer

_TITLE = re.compile(r'title:"(?P<id>[^"]+)"')
_STATES = {"new", "open", "pending reminder", "closed", "merged"}
_MARKER = re.compile(r"\[(NW-[^\]]+)\]$")


class ZammadServer(System):
    kind = "zammad"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.tickets: dict[str, dict[str, Any]] = {}
        self.articles: dict[str, list[dict[str, Any]]] = {}
        self.made_at: dict[str, float] = {}
        self.lag = 0.0
        self.closing_needs = ""
        self.token = "token-1"

    def section(self) -> dict[str, Any]:
        return {"zammad": {"token": "token-1", "customer": "hotline@example.com"}}

    def break_credentials(self) -> None:
        self.token = "another"

    def restore_credentials(self) -> None:
        self.token = "token-1"

    def seen(self) -> list[str]:
        return [_ours(it) for it in self.tickets.values()]

    def is_over(self, ticket_id: str) -> bool:
        ours = (it for it in self.tickets.values() if _ours(it) == ticket_id)
        return any(it["state"] == "closed" for it in ours)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/v1/tickets", self._create),
            web.get("/api/v1/tickets/search", self._search),
            web.get("/api/v1/tickets/{id}", self._show),
            web.put("/api/v1/tickets/{id}", self._edit),
            web.get("/api/v1/ticket_articles/by_ticket/{id}", self._list),
        ]

    def _check(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Token token={self.token}":
            raise web.HTTPUnauthorized(text='{"error":"Invalid token"}')

    def _ticket(self, request: web.Request) -> dict[str, Any]:
        self._check(request)
        ticket = self.tickets.get(request.match_info["id"])
        if ticket is None:
            raise web.HTTPNotFound(text='{"error":"Couldn\'t find Ticket"}')
        return ticket

    async def _create(self, request: web.Request) -> web.Response:
        self._check(request)
        body = await request.json()
        if body["group"] != "Users" or not body["customer_id"].startswith("guess:"):
            return answer({"error": "Invalid value"}, 422)
        if wrong := _wrong(body):
            return answer({"error": wrong}, 422)
        id_ = str(len(self.tickets) + 1)
        self.tickets[id_] = {
            "id": int(id_),
            "number": f"1000{id_}",
            "title": body["title"],
            "state": "new",
        }
        self.articles[id_] = [body["article"]]
        self.made_at[id_] = self.clock()
        return answer(self.tickets[id_], 201)

    async def _search(self, request: web.Request) -> web.Response:
        self._check(request)
        parsed = _TITLE.fullmatch(request.query["query"])
        assert parsed is not None
        matches = [
            it
            for id_, it in self.tickets.items()
            if self.made_at[id_] + self.lag <= self.clock() and parsed["id"] in it["title"]
        ]
        return answer(matches)

    async def _show(self, request: web.Request) -> web.Response:
        return answer(self._ticket(request))

    async def _edit(self, request: web.Request) -> web.Response:
        ticket = self._ticket(request)
        body = await request.json()
        if wrong := _wrong(body):
            return answer({"error": wrong}, 422)
        if body.get("state") == "closed" and self.closing_needs:
            return answer(
                {"error": f"Missing required value for field '{self.closing_needs}'!"}, 422
            )
        if article := body.pop("article", None):
            self.articles[str(ticket["id"])].append(article)
        ticket.update(body)
        return answer(ticket)

    async def _list(self, request: web.Request) -> web.Response:
        return answer(self.articles[str(self._ticket(request)["id"])])


def _wrong(body: dict[str, Any]) -> str:
    if len(body.get("title", "")) > 250:
        return "Data too long for column 'title'"
    if body.get("state", "open") not in _STATES:
        return "No lookup value found for 'state'"
    return "" if body.get("article", {"body": "x"})["body"] else "Need at least article body"


def _ours(ticket: dict[str, Any]) -> str:
    marker = _MARKER.search(ticket["title"])
    return marker[1] if marker else ""

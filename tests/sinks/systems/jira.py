"""Jira Cloud as far as its REST API 3 shows (docs/reference/ticketing.md §5)."""

import base64
import re
from typing import Any

from aiohttp import web

from tests.sinks.systems.server import System, answer, utf16

_API = "/rest/api/3"
_KNOWN = {"project", "issuetype", "summary", "description", "labels", "priority"}
_STATUSES = {
    "To Do": ("1", "new"),
    "In Progress": ("3", "indeterminate"),
    "Done": ("10001", "done"),
}
_JQL = re.compile(
    r'project = "(?P<project>[^"]+)" AND'
    r' \(labels = "(?P<label>[^"]+)" OR text ~ "\\"(?P<text>[^"\\]+)\\""\)'
)


class JiraServer(System):
    kind = "jira"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.issues: dict[str, dict[str, Any]] = {}
        self.made_at: dict[str, float] = {}
        self.lag = 0.0
        self.search_is_gone = False
        self.off_screen: set[str] = set()
        self.required: dict[str, str] = {}
        """Fields the closing transition's screen asks for."""
        self.workflow = {"To Do": ["In Progress", "Done"], "In Progress": ["Done", "To Do"]}
        self.workflow["Done"] = ["To Do"]
        self.conflicts = 0
        self.password = "token-1"

    def section(self) -> dict[str, Any]:
        return {"jira": {"user": "bot@example.com", "token": "token-1", "project": "OPS"}}

    def break_credentials(self) -> None:
        self.password = "another"

    def restore_credentials(self) -> None:
        self.password = "token-1"

    def seen(self) -> list[str]:
        return [_ours(issue) for issue in self.issues.values()]

    def is_over(self, ticket_id: str) -> bool:
        return any(
            it["fields"]["status"]["name"] == "Done"
            for it in self.issues.values()
            if _ours(it) == ticket_id
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(f"{_API}/issue", self._create),
            web.post(f"{_API}/search/jql", self._search),
            web.get(f"{_API}/search", self._gone),
            web.get(f"{_API}/issue/{{id}}", self._show),
            web.put(f"{_API}/issue/{{id}}", self._edit),
            web.get(f"{_API}/issue/{{id}}/transitions", self._transitions),
            web.post(f"{_API}/issue/{{id}}/transitions", self._transition),
            web.get(f"{_API}/issue/{{id}}/comment", self._comments),
            web.post(f"{_API}/issue/{{id}}/comment", self._comment),
        ]

    def _check(self, request: web.Request) -> None:
        expected = base64.b64encode(f"bot@example.com:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            raise web.HTTPUnauthorized(text="Client must be authenticated to access this resource.")

    def _issue(self, request: web.Request) -> dict[str, Any]:
        self._check(request)
        issue = self.issues.get(request.match_info["id"])
        if issue is None:
            raise web.HTTPNotFound(text='{"errorMessages":["Issue does not exist"],"errors":{}}')
        return issue

    def _wrong(self, fields: dict[str, Any]) -> dict[str, str]:
        wrong = {
            name: f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            for name in fields
            if name not in _KNOWN or name in self.off_screen
        }
        summary = fields.get("summary", "x")
        if "\n" in summary:
            wrong["summary"] = "The summary is invalid because it contains newline characters."
        if utf16(summary) > 255:
            wrong["summary"] = "Summary must be less than 255 characters."
        if (
            utf16(str(fields.get("description", ""))) > 40000
            or utf16(text_of(fields.get("description"))) > 32767
        ):
            wrong["description"] = "The entered text is too long."
        for label in fields.get("labels", ()):
            if " " in label or utf16(label) > 255:
                wrong["labels"] = f"The label '{label[:10]}' is not allowed."
        return wrong

    async def _create(self, request: web.Request) -> web.Response:
        self._check(request)
        fields = (await request.json())["fields"]
        if fields.get("project") != {"key": "OPS"}:
            return _refused({"project": "valid project is required"})
        if wrong := self._wrong(fields):
            return _refused(wrong)
        id_ = str(10000 + len(self.issues))
        key = f"OPS-{len(self.issues) + 1}"
        self.issues[id_] = {"id": id_, "key": key, "fields": {**fields, "comments": []}}
        self.put(id_, "To Do")
        self.made_at[id_] = self.clock()
        return answer({"id": id_, "key": key, "self": f"/{id_}"}, 201)

    def put(self, id_: str, status: str, resolution: str | None = None) -> None:
        number, category = _STATUSES[status]
        fields = self.issues[id_]["fields"]
        fields["status"] = {
            "id": number,
            "name": status,
            "statusCategory": {"key": category},
        }
        fields["resolution"] = {"name": resolution} if resolution else None

    async def _gone(self, request: web.Request) -> web.Response:
        self._check(request)
        return answer({"errorMessages": ["The requested API has been removed."]}, 410)

    async def _search(self, request: web.Request) -> web.Response:
        self._check(request)
        if self.search_is_gone:
            return await self._gone(request)
        body = await request.json()
        parsed = _JQL.fullmatch(body["jql"])
        if parsed is None or parsed["project"] != "OPS":
            return answer({"errorMessages": ["Error in the JQL Query"], "errors": {}}, 400)
        matches = [
            it
            for id_, it in self.issues.items()
            if self.made_at[id_] + self.lag <= self.clock() and _matches(it, parsed)
        ]
        # One issue a page, so that who asks has to go on.
        start = int(body.get("nextPageToken") or 0)
        page = {
            "issues": [
                {"id": it["id"], "key": it["key"], "fields": _only(it, body["fields"])}
                if body.get("fields")
                else {"id": it["id"]}
                for it in matches[start : start + 1]
            ]
        }
        return answer({**page, "nextPageToken": str(start + 1)} if matches[start + 1 :] else page)

    async def _show(self, request: web.Request) -> web.Response:
        return answer(self._issue(request))

    async def _edit(self, request: web.Request) -> web.Response:
        issue = self._issue(request)
        fields = (await request.json())["fields"]
        if wrong := self._wrong(fields):
            return _refused(wrong)
        issue["fields"].update(fields)
        return web.Response(status=204)

    def _possible(self, issue: dict[str, Any]) -> list[dict[str, Any]]:
        names = self.workflow.get(issue["fields"]["status"]["name"], [])
        return [
            {
                "id": _STATUSES[name][0],
                "name": f"Go to {name}",
                "to": {"name": name, "statusCategory": {"key": _STATUSES[name][1]}},
            }
            for name in names
        ]

    async def _transitions(self, request: web.Request) -> web.Response:
        return answer({"transitions": self._possible(self._issue(request))})

    async def _transition(self, request: web.Request) -> web.Response:
        issue = self._issue(request)
        body = await request.json()
        chosen = next(
            (it for it in self._possible(issue) if it["id"] == body["transition"]["id"]), None
        )
        if self.conflicts:
            self.conflicts -= 1
            return answer({"errorMessages": ["The issue was changed meanwhile"]}, 409)
        if chosen is None:
            return answer({"errorMessages": ["It is not allowed from here"], "errors": {}}, 400)
        missing = {k: v for k, v in self.required.items() if k not in body.get("fields", {})}
        if missing and chosen["to"]["name"] == "Done":
            return _refused(missing)
        resolution = body.get("fields", {}).get("resolution", {}).get("name")
        self.put(issue["id"], chosen["to"]["name"], resolution)
        return web.Response(status=204)

    async def _comments(self, request: web.Request) -> web.Response:
        return answer({"comments": self._issue(request)["fields"]["comments"][::-1]})

    async def _comment(self, request: web.Request) -> web.Response:
        issue = self._issue(request)
        issue["fields"]["comments"].append(await request.json())
        return answer({"id": "1"}, 201)

    def comments(self, id_: str) -> list[str]:
        return [text_of(it["body"]) for it in self.issues[id_]["fields"]["comments"]]


def text_of(node: Any) -> str:
    if node is None:
        return ""
    if node.get("type") == "doc":
        assert node["version"] == 1
        return "\n".join(map(text_of, node["content"]))
    if node.get("type") == "paragraph":
        assert all(it["text"] for it in node["content"])
        return "".join(it["text"] for it in node["content"])
    raise AssertionError(node)


def _ours(issue: dict[str, Any]) -> str:
    first = text_of(issue["fields"]["description"]).splitlines()[0]
    return first.split()[-1]


def _matches(issue: dict[str, Any], parsed: re.Match[str]) -> bool:
    fields = issue["fields"]
    text = f"{fields['summary']} {text_of(fields['description'])}"
    return parsed["label"] in fields.get("labels", ()) or parsed["text"] in text


def _only(issue: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: issue["fields"].get(name) for name in names}


def _refused(errors: dict[str, str]) -> web.Response:
    return answer({"errorMessages": [], "errors": errors}, 400)

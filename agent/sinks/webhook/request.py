"""Builds the request that delivers a change: the standard webhook, or one from a template."""

from collections.abc import Callable, Mapping
from urllib.parse import unquote

import msgspec
import structlog
from yarl import URL

from agent.sinks.webhook.config import Template
from agent.sinks.webhook.renderer import Renderer, RenderResult
from agent.tickets.outbox.notice_kinds import REPORT
from agent.tickets.outbox.rows import Row

log = structlog.get_logger(__name__)

_MAX_PATH = 2000
_MAX_HEADER = 4000
_HEADER = "header "
"""Precedes the name of a header in the names of a template's parts."""


class WebhookRequest(msgspec.Struct, frozen=True):
    """One POST request, before it is signed."""

    url: str
    body: bytes
    content_type: str
    headers: dict[str, str]


class WebhookRequestBuilder:
    """Builds requests. A part whose template renders nothing valid is sent in its standard form.

    A fault in a template must not cost a ticket: the ticket is delivered, and the fault is
    counted and logged.

    Args:
        sink: The sink's name.
        url: Its address.
        template: Its template, if it has one.
        failed: Called with the name of the sink and the part that rendered nothing valid.
    """

    def __init__(
        self, sink: str, url: str, template: Template | None, failed: Callable[[str, str], None]
    ) -> None:
        self._sink = sink
        self._url = url
        self._template = template
        self._failed = failed
        self._renderer = Renderer()

    async def close(self) -> None:
        """End the process that renders templates."""
        await self._renderer.close()

    async def build(self, row: Row) -> WebhookRequest:
        """The request that delivers ``row``; a report has nothing that a template could name."""
        standard = WebhookRequest(self._url, row.payload, "application/json", {})
        if self._template is None or row.type == REPORT:
            return standard
        rendered = await self._renderer.render(_parts(self._template), _values(row))
        valid = _validated(rendered, self._template, self._url)
        self._report(valid.errors)
        headers = {
            name.removeprefix(_HEADER): text
            for name, text in valid.texts.items()
            if name.startswith(_HEADER)
        }
        url = _with_path(self._url, valid.texts["path"]) if "path" in valid.texts else standard.url
        if "body" not in valid.texts:
            return msgspec.structs.replace(standard, url=url, headers=headers)
        body = valid.texts["body"].encode("utf-8", "replace")
        return WebhookRequest(url, body, self._template.content_type, headers)

    def _report(self, errors: Mapping[str, str]) -> None:
        for part, why in errors.items():
            self._failed(self._sink, part.split()[0])
            log.warning("template_failed", sink=self._sink, part=part, error=why)


def _parts(template: Template) -> dict[str, str]:
    headers = {_HEADER + name: text for name, text in template.headers.items()}
    texts = {"path": template.path, "body": template.body}
    return {**{name: text for name, text in texts.items() if text}, **headers}


def _values(row: Row) -> msgspec.Raw:
    body = msgspec.json.decode(row.payload, type=dict[str, msgspec.Raw])
    values = {
        "type": body.get("type", msgspec.Raw(b'""')),
        "timestamp": body.get("timestamp", msgspec.Raw(b'""')),
        "ticket": body.get("data", msgspec.Raw(b"{}")),
        "webhook_id": msgspec.Raw(msgspec.json.encode(row.webhook_id)),
    }
    return msgspec.Raw(msgspec.json.encode(values))


def _validated(rendered: RenderResult, template: Template, url: str) -> RenderResult:
    """The texts that can be sent; the others are among the errors."""
    texts, errors = {}, dict(rendered.errors)
    for name, text in rendered.texts.items():
        problem = _problem(name, text, template, url)
        if problem:
            errors[name] = problem
        else:
            texts[name] = text
    return RenderResult(texts, errors)


def _problem(name: str, text: str, template: Template, url: str) -> str:
    if name == "body":
        return _body_problem(text, template.content_type)
    if not text.isprintable():
        return "has a line break or control character"
    if name == "path":
        return _path_problem(text, url)
    return "is too long" if len(text) > _MAX_HEADER else ""


def _body_problem(text: str, content_type: str) -> str:
    if content_type.partition(";")[0].strip() != "application/json":
        return ""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return "is not JSON; write values as {{ ... | tojson }}"
    return ""


def _path_problem(text: str, url: str) -> str:
    if not text.startswith("/") or text.startswith("//") or len(text) > _MAX_PATH:
        return "does not begin with one slash, or is too long"
    try:
        target, base = URL(_with_path(url, text)), URL(url)
    except ValueError:
        return "makes no address"
    # A ticket's text in the path must not lead to another part of the receiver: some servers
    # resolve dot segments, and some read a backslash as a slash, encoded or not.
    segments = set(unquote(text.partition("?")[0]).replace("\\", "/").split("/"))
    if target.origin() != base.origin() or {"..", "."} & segments:
        return "leads elsewhere; write values as {{ ... | urlencode }}"
    return ""


def _with_path(url: str, path: str) -> str:
    return f"{URL(url).origin()}{path}"

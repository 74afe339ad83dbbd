"""The form of a webhook: the usual one, or what a template makes of it."""

from collections.abc import Callable, Mapping
from urllib.parse import unquote

import msgspec
import structlog
from yarl import URL

from agent.config.sinks import Template
from agent.sinks.webhook.templates import Filled, Renderer
from agent.tickets.outbox.outbox import Row

log = structlog.get_logger(__name__)

_LONGEST_PATH = 2000
_LONGEST_HEADER = 4000
_HEADER = "header "


class Form(msgspec.Struct, frozen=True):
    """What is posted, and where."""

    url: str
    body: bytes
    content_type: str
    headers: dict[str, str]


class WebhookRequestBuilder:
    """Forms deliveries. Where a template gives nothing that can be sent, the usual form goes.

    A fault in a template must not cost a ticket: the ticket is delivered, and the fault is
    counted and logged.

    Args:
        sink: The sink's name.
        url: Its usual address.
        template: Its template.
        failed: Told of the sink and the part that gave nothing.
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
        """End the process that fills templates."""
        await self._renderer.close()

    async def form(self, row: Row) -> Form:
        """The form of one delivery."""
        usual = Form(self._url, row.payload, "application/json", {})
        if self._template is None:
            return usual
        filled = await self._renderer.fill(_parts(self._template), _values(row))
        taken = _checked(filled, self._template, self._url)
        self._tell(taken.errors)
        headers = {
            name.removeprefix(_HEADER): text
            for name, text in taken.texts.items()
            if name.startswith(_HEADER)
        }
        url = _url(self._url, taken.texts["path"]) if "path" in taken.texts else usual.url
        if "body" not in taken.texts:
            return msgspec.structs.replace(usual, url=url, headers=headers)
        body = taken.texts["body"].encode("utf-8", "replace")
        return Form(url, body, self._template.content_type, headers)

    def _tell(self, errors: Mapping[str, str]) -> None:
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


def _checked(filled: Filled, template: Template, url: str) -> Filled:
    """What can be sent of it; the rest is among the errors."""
    texts, errors = {}, dict(filled.errors)
    for name, text in filled.texts.items():
        wrong = _wrong(name, text, template, url)
        if wrong:
            errors[name] = wrong
        else:
            texts[name] = text
    return Filled(texts, errors)


def _wrong(name: str, text: str, template: Template, url: str) -> str:
    if name == "body":
        return _wrong_body(text, template.content_type)
    if not text.isprintable():
        return "has a line break or control character"
    if name == "path":
        return _wrong_path(text, url)
    return "is too long" if len(text) > _LONGEST_HEADER else ""


def _wrong_body(text: str, content_type: str) -> str:
    if content_type.partition(";")[0].strip() != "application/json":
        return ""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return "is not JSON; write values as {{ ... | tojson }}"
    return ""


def _wrong_path(text: str, url: str) -> str:
    if not text.startswith("/") or text.startswith("//") or len(text) > _LONGEST_PATH:
        return "does not begin with one slash, or is too long"
    try:
        made, base = URL(_url(url, text)), URL(url)
    except ValueError:
        return "makes no address"
    steps = set(unquote(text.partition("?")[0]).replace("\\", "/").split("/"))
    if made.origin() != base.origin() or {"..", "."} & steps:
        return "leads elsewhere; write values as {{ ... | urlencode }}"
    return ""


def _url(url: str, path: str) -> str:
    return f"{URL(url).origin()}{path}"

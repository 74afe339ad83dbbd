"""SMS through any gateway with an HTTP interface, as its templates describe it.

Such a gateway gives no receipts: what it accepted stays accepted, and in the end unknown.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from agent.config.sinks import Sink as SinkSettings
from agent.net.exchange import Request
from agent.net.urls import encode_query
from agent.providers.profile.json_path import MISSING, follow, path_of, scalar_text
from agent.sinks.base import RateLimit, SinkError, SinkFailure
from agent.sinks.http_client import Reply, SinkHttpClient
from agent.sinks.phone_api import (
    KEY_REFUSED,
    NO_RECEIPT,
    RECEIVER_REFUSED,
    UNKNOWN_REFUSAL,
    Attempt,
    Receipt,
    Refusal,
    throttled,
)
from agent.sinks.phone_sink import PhoneSink
from agent.sinks.registry import SinkContext, SinkKind
from agent.sinks.short_text import cut_to
from agent.sinks.sms_gateway.config import CONFIGURATION, SmsGateway
from agent.sinks.webhook.renderer import Renderer

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_TEXT, _BODY, _QUERY, _FIELD = "text", "body", "query ", "form "
"""The names of a request's parts; those that end in a space precede a parameter's name."""
_LONGEST_REFERENCE = 200


class GatewayApi:
    """Sends messages by one request each."""

    rate_limits: tuple[RateLimit, ...] = ()
    can_find = False

    def __init__(self, section: SmsGateway, url: str, client: SinkHttpClient) -> None:
        self._section = section
        self._url = url
        self._client = client
        self._renderer = Renderer()
        self._meanings = _meanings(section)

    async def close(self) -> None:
        """Close every connection and end the process that renders templates."""
        await self._renderer.close()
        await self._client.close()

    async def send(self, attempt: Attempt) -> str:
        """Give the message to the gateway; returns the gateway's id of it, if it says one.

        Raises:
            ReceiverError: when it was not accepted for a reason of this receiver's.
            SinkError: when it was not accepted for another reason, or when that is not known.
        """
        values = self._values(attempt)
        message = await self._render({_TEXT: self._section.text}, values)
        values["text"] = cut_to(message[_TEXT], self._section.text_length)
        parts = await self._render(_parts(self._section), values)
        reply = await self._client.request_signed(self._request(parts))
        return self._read(self._client.require_success(reply))

    async def find(self, attempt: Attempt) -> str:  # noqa: ARG002 - the protocol's
        """Always empty: a gateway cannot be asked."""
        return ""

    async def receipt(self, attempt: Attempt) -> Receipt:  # noqa: ARG002 - the protocol's
        """Never one: a gateway cannot be asked."""
        return NO_RECEIPT

    def _values(self, attempt: Attempt) -> dict[str, object]:
        secrets = self._section.credentials.items()
        return {
            **{field.value: text for field, text in attempt.texts.items()},
            "phone": attempt.receiver.phone.reveal(),
            "id": f"{attempt.delivery}-{attempt.receiver.name}",
            "credentials": {name: secret.reveal() for name, secret in secrets},
        }

    async def _render(
        self, templates: Mapping[str, str], values: Mapping[str, object]
    ) -> Mapping[str, str]:
        rendered = await self._renderer.render(templates, msgspec.Raw(msgspec.json.encode(values)))
        if rendered.errors:
            part, why = next(iter(rendered.errors.items()))
            raise SinkError(SinkFailure.TEMPLATE, f"{part} cannot be filled in: {why}", hold=True)
        return rendered.texts

    def _request(self, parts: Mapping[str, str]) -> Request:
        query = tuple((it.removeprefix(_QUERY), parts[it]) for it in parts if it.startswith(_QUERY))
        form = [(it.removeprefix(_FIELD), parts[it]) for it in parts if it.startswith(_FIELD)]
        headers = {"Accept": _JSON}
        body = b""
        if form:
            headers["Content-Type"], body = _FORM, encode_query(form).encode()
        elif _BODY in parts:
            headers["Content-Type"], body = _JSON, _json(parts[_BODY])
        return Request(self._section.method, self._url, query, headers, body)

    def _read(self, reply: Reply) -> str:
        answer = self._section.answer
        if answer.code:
            code = _text_at(reply.json, answer.code)
            if code is None:
                raise SinkError(SinkFailure.PROTOCOL, "the answer has no code", ambiguous=True)
            if code not in answer.ok:
                raise self._meanings.get(code, UNKNOWN_REFUSAL).error("the gateway", code)
        return (_text_at(reply.json, answer.reference) or "")[:_LONGEST_REFERENCE]


def _meanings(section: SmsGateway) -> dict[str, Refusal]:
    answer = section.answer
    limit = throttled(60.0, of_receiver=True)
    return {
        **dict.fromkeys(answer.throttled, limit),
        **dict.fromkeys(answer.receiver, RECEIVER_REFUSED),
        **dict.fromkeys(answer.hold, KEY_REFUSED),
    }


def _parts(section: SmsGateway) -> dict[str, str]:
    query = {_QUERY + name: text for name, text in section.query.items()}
    form = {_FIELD + name: text for name, text in section.form.items()}
    return {**query, **form, **({_BODY: section.body} if section.body else {})}


def _json(text: str) -> bytes:
    body = text.encode("utf-8", "replace")
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError):
        why = "body is not JSON; write values as {{ ... | tojson }}"
        raise SinkError(SinkFailure.TEMPLATE, why, hold=True) from None
    return body


def _text_at(document: Any, path: str) -> str | None:
    if not path:
        return None
    value = follow(document, path_of(path))
    return None if value is MISSING or value is None else scalar_text(value)


def _build(settings: SinkSettings, context: SinkContext) -> PhoneSink:
    section = settings.section(SmsGateway)
    client = SinkHttpClient(settings, context.clock)
    return PhoneSink(settings, section, GatewayApi(section, settings.address, client), context)


KIND = SinkKind(CONFIGURATION, _build)

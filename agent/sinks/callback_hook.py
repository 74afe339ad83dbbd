"""``POST /hooks/tickets/{sink}``: receives what people do on tickets in a ticket system."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from aiohttp import web

from agent.config.settings import Settings
from agent.config.sinks import Callback as CallbackSettings
from agent.config.sinks import Sink
from agent.net.webhook_signature import SignatureError
from agent.sinks.callback import Callback, CallbackFormat, CallbackOutcome, InvalidCallbackError
from agent.sinks.registry import sink_kinds
from agent.webhooks.auth import TokenCheck
from agent.webhooks.handler import (
    RequestOutcome,
    RequestRefusedError,
    WebhookHandler,
    read_whole_body,
    require_json,
)
from agent.webhooks.limits import RequestSlot
from exporters.telemetry import Telemetry

PATH = "/hooks/tickets/{sink}"
SOURCE = "tickets"
_EXPECTED = "what docs/sinks.md shows for this kind of sink"
_MAX_BODY = 1024 * 1024

ApplyCallback = Callable[[Callback], Awaitable[CallbackOutcome]]
"""Applies a callback to the ticket; its effect is durable when this returns."""


class CallbackHook(WebhookHandler):
    """Receives the callbacks of ticket systems.

    Args:
        apply: Applies them to our tickets.
        settings: Returns the configuration as it is now.
        telemetry: Counts requests.
        clock: Epoch seconds.
        tokens: Limits how many wrong signatures are verified.
    """

    def __init__(
        self,
        apply: ApplyCallback,
        settings: Callable[[], Settings],
        telemetry: Telemetry,
        clock: Callable[[], float],
        tokens: TokenCheck,
    ) -> None:
        super().__init__(SOURCE, PATH, telemetry, tokens)
        self._apply = apply
        self._settings = settings
        self._clock = clock

    def _authorize(self, request: web.Request) -> bool:
        _, _, callback_format = self._section(request)
        try:
            callback_format.signature.check_headers(request.headers, self._clock())
        except SignatureError as error:
            raise _unauthorized(error) from None
        return False

    def _section(self, request: web.Request) -> tuple[Sink, CallbackSettings, CallbackFormat]:
        name = request.match_info["sink"]
        for sink in self._settings().sinks:
            callback_format = sink_kinds()[sink.kind].callback
            if sink.name == name and sink.callback is not None and callback_format is not None:
                return sink, sink.callback, callback_format
        text = "no sink of this name has a callback section"
        raise RequestRefusedError(
            RequestOutcome.CLOSED, text, "the name of a sink with a callback section"
        )

    async def _process(self, request: web.Request, slot: RequestSlot) -> web.Response:
        # Looked up again: a reload may have removed the section since it was authorized.
        sink, section, callback_format = self._section(request)
        body = await read_whole_body(request, _MAX_BODY, "1 MiB", slot)
        try:
            message = callback_format.verify(section, request.headers, body, self._clock())
        except SignatureError as error:
            raise _unauthorized(error) from None
        # Only now: whoever cannot sign learns nothing else.
        require_json(request)
        try:
            change = callback_format.read_change(sink, section, message, body, self._clock())
        except InvalidCallbackError as error:
            raise RequestRefusedError(RequestOutcome.INVALID, str(error), _EXPECTED) from None
        outcome = CallbackOutcome.NO_EFFECT if change is None else await self._apply(change)
        if outcome is CallbackOutcome.UNKNOWN:
            text = "no ticket of ours has that id there"
            raise RequestRefusedError(
                RequestOutcome.UNKNOWN, text, "a ticket that was sent to this sink"
            )
        return web.Response(
            body=msgspec.json.encode({"outcome": outcome.value}),
            status=HTTPStatus.OK,
            content_type="application/json",
        )


def _unauthorized(error: SignatureError) -> RequestRefusedError:
    expected = f"a message signed with the callback secret, {_EXPECTED}"
    return RequestRefusedError(RequestOutcome.UNAUTHORIZED, str(error), expected)

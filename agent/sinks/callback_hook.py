"""``POST /hooks/tickets/{sink}``: people worked on a ticket in a ticket system."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from aiohttp import web

from agent.config.settings import Settings
from agent.config.sinks import Callback as CallbackSettings
from agent.config.sinks import Sink
from agent.net.webhook_signature import SignatureError
from agent.sinks.callback import Callback, CallbackOutcome
from agent.sinks.callback_payload import EXPECTED, InvalidCallbackError, proven, read_callback
from agent.webhooks.handler import (
    RequestOutcome,
    RequestRefusedError,
    WebhookHandler,
    read_whole_body,
    require_json,
)
from agent.webhooks.limits import RequestLimiter, RequestSlot
from exporters.telemetry import Telemetry

PATH = "/hooks/tickets/{sink}"
SOURCE = "tickets"
_MOST = 1024 * 1024

Take = Callable[[Callback], Awaitable[CallbackOutcome]]
"""Does what a callback says; durable when it returns."""


class CallbackHook(WebhookHandler):
    """Takes what ticket systems tell.

    Args:
        take: Does what they say.
        settings: The configuration as it is now.
        telemetry: Counts requests.
        clock: Epoch seconds.
        limiter: Limits what is in progress at once.
    """

    def __init__(
        self,
        take: Take,
        settings: Callable[[], Settings],
        telemetry: Telemetry,
        clock: Callable[[], float],
        limiter: RequestLimiter | None = None,
    ) -> None:
        super().__init__(SOURCE, PATH, telemetry, limiter)
        self._do = take
        self._settings = settings
        self._clock = clock

    def _authorize(self, request: web.Request) -> None:
        self._section(request)
        require_json(request)

    def _section(self, request: web.Request) -> tuple[Sink, CallbackSettings]:
        name = request.match_info["sink"]
        for sink in self._settings().sinks:
            if sink.name == name and sink.callback is not None:
                return sink, sink.callback
        text = "no sink of this name has a callback section"
        raise RequestRefusedError(
            RequestOutcome.CLOSED, text, "the name of a sink with a callback section"
        )

    async def _process(self, request: web.Request, slot: RequestSlot) -> web.Response:
        sink, section = self._section(request)
        body = await read_whole_body(request, _MOST, "1 MiB", slot)
        said = self._read(sink, section, request, body)
        outcome = CallbackOutcome.NOTHING if said is None else await self._do(said)
        if outcome is CallbackOutcome.UNKNOWN:
            text = "no ticket of ours is called that there"
            raise RequestRefusedError(
                RequestOutcome.UNKNOWN, text, "a ticket that this sink was told of"
            )
        return web.Response(
            body=msgspec.json.encode({"outcome": outcome.value}),
            status=HTTPStatus.OK,
            content_type="application/json",
        )

    def _read(
        self, sink: Sink, section: CallbackSettings, request: web.Request, body: bytes
    ) -> Callback | None:
        now = self._clock()
        try:
            message = proven(sink, section, request.headers, body, now)
            return read_callback(sink, section, message, body, now)
        except SignatureError as error:
            expected = f"a message signed with the callback secret, {EXPECTED}"
            raise RequestRefusedError(RequestOutcome.UNAUTHORIZED, str(error), expected) from None
        except InvalidCallbackError as error:
            raise RequestRefusedError(RequestOutcome.INVALID, str(error), EXPECTED) from None

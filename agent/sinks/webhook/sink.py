"""The generic webhook: one signed POST per ticket change (Standard Webhooks 1.0.0).

The id is the same on every attempt, so that a receiver can drop a repeat; the timestamp and
with it the signature are fresh on every attempt.
"""

import asyncio
import binascii
import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO

import aiohttp
import msgspec
from multidict import CIMultiDict
from standardwebhooks import Webhook as Signer

from agent.config.secret import Secret
from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import RemoteState, RemoteStatus, RetryPolicy, per_minute
from agent.sinks.callback import CallbackFormat
from agent.sinks.http_client import FAILURES, client_session, raise_for_status, sink_error
from agent.sinks.registry import SinkContext, SinkKind
from agent.sinks.webhook.config import CONFIGURATION, Template
from agent.sinks.webhook.request import WebhookRequest, WebhookRequestBuilder
from agent.states import Stage
from agent.tickets.outbox.rows import Row

MAX_MEMBERS = 100
"""Members named in a delivery that was shortened."""
_MAX_RESPONSE = 64 * 1024
_RESPONSE_TIMEOUT = 1.0
_LARGE = 1024 * 1024
_TOO_LARGE = 413
_UNKNOWN = RemoteStatus(RemoteState.UNKNOWN, detail="a webhook cannot be queried")


class WebhookSink:
    """Posts deliveries to one URL. Make it and close it inside a running event loop.

    Raises:
        ValueError: when the secret is not ``whsec_`` and base64, or ``egress_allow`` has an
            entry that is not a network.
    """

    def __init__(self, settings: SinkSettings, context: SinkContext | None = None) -> None:
        self.name = settings.name
        self.retry_policy: RetryPolicy = settings
        self.rate_limits = per_minute(settings.rate)
        self._headers = settings.headers
        self._context = context or SinkContext()
        self._requests = WebhookRequestBuilder(
            settings.name,
            settings.url or "",
            settings.optional_section(Template),
            self._context.template_failed,
        )
        self._signer = _signer(settings.secret) if settings.secret else None
        # The body of an answer is thrown away, so that it need not be decompressed.
        self._session = client_session(settings, {"User-Agent": "numwatch"}, decompress=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._requests.close()
        await self._session.close()

    async def look_up(self, ticket_id: str) -> RemoteStatus:  # noqa: ARG002 - the protocol's
        """Returns UNKNOWN: a webhook cannot be queried."""
        return _UNKNOWN

    async def deliver(self, row: Row, now: float) -> None:
        """Post ``row``; any 2xx answer means that it was accepted.

        Raises:
            SinkError: otherwise.
        """
        try:
            status, headers = await self._post(row, now)
            if status == _TOO_LARGE and (short := await asyncio.to_thread(shorten, row.payload)):
                shorter = msgspec.structs.replace(row, payload=short)
                status, headers = await self._post(shorter, now)
        except FAILURES as error:
            raise sink_error(error) from error
        raise_for_status(status, headers, self._context.clock())

    async def _post(self, row: Row, now: float) -> tuple[int, Mapping[str, str]]:
        request = await self._requests.build(row)
        async with self._session.post(
            request.url,
            # aiohttp writes bytes in one go, which blocks the event loop; a file goes in pieces.
            data=BytesIO(request.body) if len(request.body) > _LARGE else request.body,
            headers=self._signed_headers(row.webhook_id, request, now),
            allow_redirects=False,
        ) as response:
            await _drain(response)
            return response.status, response.headers

    def _signed_headers(
        self, message_id: str, request: WebhookRequest, now: float
    ) -> CIMultiDict[str]:
        signed = {"webhook-id": message_id, "webhook-timestamp": str(int(now))}
        if self._signer is not None:
            signed["webhook-signature"] = self._signer.sign(
                message_id, datetime.fromtimestamp(int(now), UTC), request.body.decode()
            )
        # In this order: neither a template nor the configuration may replace the signature.
        headers = CIMultiDict({"Content-Type": request.content_type, **request.headers})
        headers.update({name: value.reveal() for name, value in self._headers.items()})
        headers.update(signed)
        return headers


def shorten(payload: bytes) -> bytes | None:
    """``payload`` with only the first members, and ``members_total`` beside them.

    ``None`` if there is nothing to leave out.
    """
    body = msgspec.json.decode(payload)
    members = body["data"].get("members", ())
    if len(members) <= MAX_MEMBERS:
        return None
    body["data"]["members_total"] = len(members)
    body["data"]["members"] = members[:MAX_MEMBERS]
    return msgspec.json.encode(body)


def _signer(secret: Secret) -> Signer:
    try:
        return Signer(secret.reveal())
    except (binascii.Error, RuntimeError, ValueError) as error:
        raise ValueError("the secret must be whsec_ and base64") from error


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read a short answer to its end, so that its connection can be used again."""
    # The status was all that matters: a receiver that never ends its body has accepted.
    with contextlib.suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError):
        async with asyncio.timeout(_RESPONSE_TIMEOUT):
            await response.content.read(_MAX_RESPONSE)


KIND = SinkKind(
    CONFIGURATION, WebhookSink, CallbackFormat(stages={stage.value: stage for stage in Stage})
)

"""The generic webhook: one signed POST per ticket change (Standard Webhooks 1.0.0).

The id is the same on every attempt, so that a receiver can drop a repeat; the timestamp and
with it the signature are fresh on every attempt.
"""

import asyncio
import binascii
import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO

import aiohttp
import msgspec
from multidict import CIMultiDict
from standardwebhooks import Webhook as Signer

from agent.config.secret import Secret
from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import Pace, Window
from agent.sinks.context import SinkContext
from agent.sinks.http_client import FAILURES, failure_of, raise_for_status, session_of
from agent.sinks.remote_ticket import RemoteState, RemoteTicket
from agent.sinks.webhook.request import Form, WebhookRequestBuilder
from agent.sinks.webhook.shorten import shortened
from agent.tickets.outbox.outbox import Row

_READ_AT_MOST = 64 * 1024
_LISTEN_SECONDS = 1.0
_LARGE = 1024 * 1024
_TOO_LARGE = 413
_UNKNOWN = RemoteTicket(RemoteState.UNKNOWN, detail="a webhook cannot be asked")


class WebhookSink:
    """Posts deliveries to one URL. Make it and close it inside a running event loop.

    Raises:
        ValueError: when the secret is not ``whsec_`` and base64, or ``egress_allow`` has
            something that is not a network.
    """

    def __init__(self, settings: SinkSettings, around: SinkContext | None = None) -> None:
        self.name = settings.name
        self.pace: Pace = settings
        self.windows: Sequence[Window] = (Window(settings.rate, 60.0),) if settings.rate else ()
        self._settings = settings
        self._around = around or SinkContext()
        self._former = WebhookRequestBuilder(
            settings.name, settings.url or "", settings.template, self._around.template_failed
        )
        self._signer = _signer(settings.secret) if settings.secret else None
        self._session = session_of(settings, {"User-Agent": "numwatch"})

    async def close(self) -> None:
        """Close every connection."""
        await self._former.close()
        await self._session.close()

    async def look_up(self, ticket_id: str) -> RemoteTicket:  # noqa: ARG002 - the protocol's
        """Not known: a webhook cannot be asked."""
        return _UNKNOWN

    async def deliver(self, row: Row, now: float) -> None:
        """Post ``row``; any 2xx answer means it was taken.

        Raises:
            SinkError: otherwise.
        """
        try:
            status, headers = await self._post(row, now)
            if status == _TOO_LARGE and (short := await asyncio.to_thread(shortened, row.payload)):
                shorter = msgspec.structs.replace(row, payload=short)
                status, headers = await self._post(shorter, now)
        except FAILURES as error:
            raise failure_of(error) from error
        raise_for_status(status, headers, self._around.clock())

    async def _post(self, row: Row, now: float) -> tuple[int, Mapping[str, str]]:
        form = await self._former.form(row)
        async with self._session.post(
            form.url,
            # A large text is written in one go and holds up the loop; a file goes in pieces.
            data=BytesIO(form.body) if len(form.body) > _LARGE else form.body,
            headers=self._headers(row.webhook_id, form, now),
            allow_redirects=False,
        ) as response:
            await _read_away(response)
            return response.status, response.headers

    def _headers(self, message_id: str, form: Form, now: float) -> CIMultiDict[str]:
        signed = {"webhook-id": message_id, "webhook-timestamp": str(int(now))}
        if self._signer is not None:
            signed["webhook-signature"] = self._signer.sign(
                message_id, datetime.fromtimestamp(int(now), UTC), form.body.decode()
            )
        headers = CIMultiDict({"Content-Type": form.content_type, **form.headers})
        headers.update({name: value.reveal() for name, value in self._settings.headers.items()})
        headers.update(signed)
        return headers


def _signer(secret: Secret) -> Signer:
    try:
        return Signer(secret.reveal())
    except (binascii.Error, RuntimeError, ValueError) as error:
        raise ValueError("the secret must be whsec_ and base64") from error


async def _read_away(response: aiohttp.ClientResponse) -> None:
    """Empty a short answer so that its connection can be used again; the status has told all."""
    with contextlib.suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError):
        async with asyncio.timeout(_LISTEN_SECONDS):
            await response.content.read(_READ_AT_MOST)

"""The generic webhook: one signed POST per ticket change (Standard Webhooks 1.0.0).

The id is the same on every attempt, so that a receiver can drop a repeat; the timestamp and
with it the signature are fresh on every attempt.
"""

import asyncio
import binascii
import contextlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import aiohttp
from multidict import CIMultiDict
from standardwebhooks import Webhook as Signer

from agent.config.secret import Secret
from agent.config.settings import Sink as SinkSettings
from agent.providers.egress import EgressGuard
from agent.providers.failures import classify
from agent.providers.retry_after import parse_retry_after
from agent.sinks.base import Pace, SinkError, SinkFailure
from agent.states import PollFailure
from agent.tickets.outbox import Row

_READ_AT_MOST = 64 * 1024
_LISTEN_SECONDS = 1.0
_FAILURES = (aiohttp.ClientError, OSError, ValueError, asyncio.TimeoutError)
_TRANSIENT_4XX = frozenset({408, 409, 425, 429})
_HEADERS = {"Content-Type": "application/json", "User-Agent": "numwatch"}

_REASONS: Mapping[PollFailure, SinkFailure] = {
    PollFailure.TIMEOUT: SinkFailure.TIMEOUT,
    PollFailure.DNS: SinkFailure.DNS,
    PollFailure.CONNECT: SinkFailure.CONNECT,
    PollFailure.TLS: SinkFailure.TLS,
    PollFailure.TLS_EXPIRED: SinkFailure.TLS_EXPIRED,
    PollFailure.EGRESS_DENIED: SinkFailure.EGRESS_DENIED,
}
_STATUS: Mapping[int, SinkFailure] = {
    401: SinkFailure.AUTH,
    403: SinkFailure.AUTH,
    410: SinkFailure.GONE,
    429: SinkFailure.RATE_LIMITED,
}
_STATUS_CLASS: Mapping[int, SinkFailure] = {
    3: SinkFailure.REDIRECT,
    4: SinkFailure.HTTP_4XX,
    5: SinkFailure.HTTP_5XX,
}


class WebhookSink:
    """Posts deliveries to one URL. Make it and close it inside a running event loop.

    Raises:
        ValueError: when the secret is not ``whsec_`` and base64, or ``egress_allow`` has
            something that is not a network.
    """

    def __init__(self, settings: SinkSettings, clock: Callable[[], float] = time.time) -> None:
        self.name = settings.name
        self.pace: Pace = settings
        self._settings = settings
        self._clock = clock
        self._signer = _signer(settings.secret) if settings.secret else None
        self._session = _session(settings)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def deliver(self, row: Row, now: float) -> None:
        """Post ``row``; any 2xx answer means it was taken.

        Raises:
            SinkError: otherwise.
        """
        try:
            status, headers = await self._post(row, now)
        except _FAILURES as error:
            failure = classify(error, "delivery")
            reason = _REASONS.get(failure.kind, SinkFailure.PROTOCOL)
            raise SinkError(reason, failure.detail) from error
        _judge(status, headers, self._clock())

    async def _post(self, row: Row, now: float) -> tuple[int, Mapping[str, str]]:
        async with self._session.post(
            self._settings.url,
            data=row.payload,
            headers=self._headers(row, now),
            allow_redirects=False,
        ) as response:
            await _read_away(response)
            return response.status, response.headers

    def _headers(self, row: Row, now: float) -> CIMultiDict[str]:
        signed = {"webhook-id": row.webhook_id, "webhook-timestamp": str(int(now))}
        if self._signer is not None:
            signed["webhook-signature"] = self._signer.sign(
                row.webhook_id, datetime.fromtimestamp(int(now), UTC), row.payload.decode()
            )
        headers = CIMultiDict(_HEADERS)
        headers.update({name: value.reveal() for name, value in self._settings.headers.items()})
        headers.update(signed)
        return headers


def _signer(secret: Secret) -> Signer:
    try:
        return Signer(secret.reveal())
    except (binascii.Error, RuntimeError, ValueError) as error:
        raise ValueError("the secret must be whsec_ and base64") from error


def _session(settings: SinkSettings) -> aiohttp.ClientSession:
    guard = EgressGuard(settings.egress_allow)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(socket_factory=guard.open_socket),
        timeout=aiohttp.ClientTimeout(
            total=settings.timeout, sock_read=settings.timeout, ceil_threshold=float("inf")
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        read_bufsize=_READ_AT_MOST,
    )


async def _read_away(response: aiohttp.ClientResponse) -> None:
    """Empty a short answer so that its connection can be used again; the status has told all."""
    with contextlib.suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError):
        async with asyncio.timeout(_LISTEN_SECONDS):
            await response.content.read(_READ_AT_MOST)


def _judge(status: int, headers: Mapping[str, str], now: float) -> None:
    kind = status // 100
    if kind == 2:  # noqa: PLR2004 - the HTTP class of success
        return
    reason = _STATUS.get(status) or _STATUS_CLASS.get(kind, SinkFailure.PROTOCOL)
    raise SinkError(
        reason,
        f"the receiver answered HTTP {status}",
        permanent=kind == 4 and status not in _TRANSIENT_4XX,  # noqa: PLR2004
        retry_after=parse_retry_after(headers.get("Retry-After"), now),
    )

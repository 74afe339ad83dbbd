"""Posts complaints to a webhook, as a call centre's system does."""

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp
import msgspec

from agent.simulator.actions import Complaint

_PAUSES = (0.0, 1.0, 3.0, 10.0, 30.0, 60.0)
"""Seconds before each attempt: the agent may be started after its world."""
_TIMEOUT = aiohttp.ClientTimeout(total=10)


def new_secret() -> str:
    """A random secret for signing deliveries (Standard Webhooks)."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


class ComplaintSender:
    """Posts complaints one after another to ``url`` as JSON, with a few attempts each.

    Each is one delivery of Standard Webhooks, signed when ``secret`` is set.
    """

    def __init__(self, note: Callable[..., None]) -> None:
        self.url = ""
        self.secret: str | None = None
        self._note = note
        self._queue: asyncio.Queue[tuple[Complaint, float]] = asyncio.Queue()
        self._task = asyncio.create_task(self._run(), name="simulator-complaints")

    def send(self, complaint: Complaint) -> None:
        """Queue a complaint for posting."""
        self._queue.put_nowait((complaint, time.time()))

    async def close(self) -> None:
        """Stop posting; complaints still queued are lost."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while True:
                await self._deliver(session, *await self._queue.get())

    async def _deliver(
        self, session: aiohttp.ClientSession, complaint: Complaint, at: float
    ) -> None:
        webhook_id, body, failure = f"msg_{secrets.token_hex(12)}", _body(complaint, at), ""
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            headers = _headers(webhook_id, body, self.secret)
            try:
                async with session.post(
                    self.url, data=body, headers=headers, allow_redirects=False
                ) as answer:
                    if answer.ok:
                        return
                    failure = f"status {answer.status}"
            except (aiohttp.ClientError, TimeoutError) as error:
                failure = type(error).__name__
        self._note("complaint", f"could not be posted: {failure}", number=complaint.number)


def _body(complaint: Complaint, at: float) -> bytes:
    payload = {
        "number": complaint.number,
        "caller": complaint.caller,
        "prompt": complaint.prompt,
        "at": datetime.fromtimestamp(at, UTC).isoformat(),
        "channel": "hotline",
    }
    return msgspec.json.encode(payload)


def _headers(webhook_id: str, body: bytes, secret: str | None) -> dict[str, str]:
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
    }
    if secret is not None:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        content = f"{webhook_id}.{timestamp}.".encode() + body
        digest = hmac.new(key, content, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers

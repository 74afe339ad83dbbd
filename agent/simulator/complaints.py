"""Complaints posted to whoever wants to hear of them, as a call centre does."""

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

_TRIES = (0.0, 1.0, 3.0, 10.0, 30.0, 60.0)
"""Seconds before each try: the agent may be started after its world."""
_TIMEOUT = aiohttp.ClientTimeout(total=10)


def new_secret() -> str:
    """A secret that deliveries can be signed with (Standard Webhooks)."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


class ComplaintPost:
    """Posts complaints one after another to ``url`` as JSON; a few tries each.

    Each is one delivery of Standard Webhooks, signed where there is a ``secret``.
    """

    def __init__(self, note: Callable[..., None]) -> None:
        self.url = ""
        self.secret: str | None = None
        self._note = note
        self._queue: asyncio.Queue[tuple[Complaint, float]] = asyncio.Queue()
        self._task = asyncio.create_task(self._run(), name="simulator-complaints")

    def post(self, complaint: Complaint) -> None:
        """Queues a complaint."""
        self._queue.put_nowait((complaint, time.time()))

    async def close(self) -> None:
        """Stops posting."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            while True:
                await self._deliver(session, *await self._queue.get())

    async def _deliver(
        self, session: aiohttp.ClientSession, complaint: Complaint, at: float
    ) -> None:
        delivery, body, why = f"msg_{secrets.token_hex(12)}", _body(complaint, at), ""
        for pause in _TRIES:
            await asyncio.sleep(pause)
            headers = _headers(delivery, body, self.secret)
            try:
                async with session.post(
                    self.url, data=body, headers=headers, allow_redirects=False
                ) as answer:
                    if answer.ok:
                        return
                    why = f"status {answer.status}"
            except (aiohttp.ClientError, TimeoutError) as error:
                why = type(error).__name__
        self._note("complaint", f"could not be posted: {why}", number=complaint.number)


def _body(complaint: Complaint, at: float) -> bytes:
    payload = {
        "number": complaint.number,
        "caller": complaint.caller,
        "prompt": complaint.prompt,
        "at": datetime.fromtimestamp(at, UTC).isoformat(),
        "channel": "hotline",
    }
    return msgspec.json.encode(payload)


def _headers(delivery: str, body: bytes, secret: str | None) -> dict[str, str]:
    stamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": stamp,
    }
    if secret is not None:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{delivery}.{stamp}.".encode() + body
        digest = hmac.new(key, signed, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers

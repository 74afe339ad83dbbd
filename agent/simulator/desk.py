"""The ticket desk: takes tickets as Standard Webhooks deliveries, each delivery once."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import msgspec

_WINDOW = 300.0


class DeliveryRefusedError(Exception):
    """The desk refuses a delivery with this HTTP status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Desk:
    """The tickets received, in the order of their first arrival."""

    def __init__(self, secret: str | None) -> None:
        self._key = _key(secret) if secret else None
        self._tickets: dict[str, dict[str, object]] = {}
        self._deliveries: dict[str, list[dict[str, object]]] = {}
        self._by_webhook_id: dict[str, dict[str, object]] = {}

    def receive(
        self, headers: Mapping[str, str], body: bytes, now: float, at: str
    ) -> tuple[str, dict[str, object], bool]:
        """Receives one delivery; returns its type, its ticket and whether it is new.

        The same ``webhook-id`` is the same delivery: it is counted and changes nothing.

        Raises:
            DeliveryRefusedError: when it is not signed as it should be, or is not a ticket.
        """
        webhook_id = headers.get("webhook-id", "")
        if not webhook_id:
            raise DeliveryRefusedError(400, "the header webhook-id is missing")
        self._verify(webhook_id, headers, body, now)
        kind, ticket = _parse_ticket(body)
        if webhook_id in self._by_webhook_id:
            first = self._by_webhook_id[webhook_id]
            first["repeats"] = int(str(first["repeats"])) + 1
            return kind, ticket, False
        delivery: dict[str, object] = {
            "webhook_id": webhook_id,
            "type": kind,
            "at": at,
            "repeats": 0,
        }
        self._by_webhook_id[webhook_id] = delivery
        self._tickets[str(ticket["id"])] = ticket
        self._deliveries.setdefault(str(ticket["id"]), []).append(delivery)
        return kind, ticket, True

    def tickets(self) -> list[dict[str, object]]:
        """Every ticket as last received, with its ``deliveries``."""
        return [
            {**ticket, "deliveries": self._deliveries[ticket_id]}
            for ticket_id, ticket in self._tickets.items()
        ]

    def _verify(self, webhook_id: str, headers: Mapping[str, str], body: bytes, now: float) -> None:
        if self._key is None:
            return
        stamp = headers.get("webhook-timestamp", "")
        if not stamp.isdigit() or abs(now - int(stamp)) > _WINDOW:
            raise DeliveryRefusedError(
                401, "webhook-timestamp is missing or more than 5 minutes off"
            )
        signed = f"{webhook_id}.{stamp}.".encode() + body
        expected = base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest())
        signatures = headers.get("webhook-signature", "").split()
        if not any(
            hmac.compare_digest(b"v1," + expected, text.encode("utf-8", "replace"))
            for text in signatures
        ):
            raise DeliveryRefusedError(
                401, "webhook-signature does not fit the body and the secret"
            )


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("the desk's secret is not whsec_ and base64") from error


def _parse_ticket(body: bytes) -> tuple[str, dict[str, object]]:
    try:
        message = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DeliveryRefusedError(400, f"the body is not JSON: {error}") from error
    ticket = message.get("data") if isinstance(message, dict) else None
    if not isinstance(ticket, dict) or not isinstance(ticket.get("id"), str | int):
        raise DeliveryRefusedError(400, "the body has no `data` with an `id`: it is not a ticket")
    return str(message.get("type", "")), ticket

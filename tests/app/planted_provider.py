"""A provider and a ticket system that have a person's phone in every field they can fill.

They speak the generic dialect and plain webhooks, over real HTTP. One account answers well, one
with errors whose texts have phones.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.app.planted_phones import PlantedPhones

DOWN, WEAK, WELL = "4006220001", "4006220002", "4006220003"
WATCHED = (DOWN, WEAK, WELL)
Rows = list[dict[str, Any]]


def stamp(seconds_ago: float = 0.0) -> str:
    """A time before now, as the generic dialect writes it."""
    return datetime.fromtimestamp(datetime.now(UTC).timestamp() - seconds_ago, UTC).isoformat()


class PlantedProvider:
    """What the provider answers; :meth:`change` is a change of every number's routing."""

    def __init__(self, phones: PlantedPhones) -> None:
        self.phones = phones
        self.label = phones.identifier("bindings id")
        """The name of a bound phone; a phone itself, as providers like to name them."""
        self.bound = phones.phone("bindings phone")
        self._numbers = [self._number(number) for number in WATCHED]
        self._bindings = [row for number in WATCHED for row in self._bound(number)]
        self._routing = self._routing_of("routing")
        self._calls = [self._call(index) for index in range(9)]
        self.refusals = 0
        self.deliveries = 0

    def change(self) -> None:
        """Change the routing of every number; other phones are in it then."""
        self._routing = self._routing_of("changed routing")

    def answer(self, path: str, key: str) -> tuple[int, Any]:
        """The status and the document for a request of the account with the key ``key``."""
        if key == "branch":
            return self._refuse()
        name = urlsplit(path).path.removeprefix("/v1/")
        if name.endswith("/routing"):
            return 200, _envelope(self._routing)
        if name == "balance":
            spent = {"amount": 9.5, "currency": "CNY", "notice_threshold": 35.0, "daily_spend": 2.0}
            return 200, _envelope(spent)
        rows = {"numbers": self._numbers, "bindings": self._bindings, "calls": self._calls}
        found = rows.get(name, [])
        return 200, _envelope({"total": len(found), "items": found})

    def take_delivery(self) -> tuple[int, Any]:
        """Refuse a delivery of a ticket, with a phone in the text."""
        self.deliveries += 1
        return 422, {"error": self.phones.text("error of the ticket system")}

    def _refuse(self) -> tuple[int, Any]:
        self.refusals += 1
        text = self.phones.text("error of the provider") if self.refusals < 40 else "again"
        failed = {"code": "50001", "message": text, "data": None}
        return (200, 500, 400)[self.refusals % 3], failed

    def _number(self, number: str) -> dict[str, Any]:
        state = {DOWN: "suspended_violation"}.get(number, "active")
        texts = ("reason", "company", "carrier", "registered_use", "actual_use")
        planted = {name: self.phones.text(f"numbers {name}") for name in texts}
        if number == WELL:
            planted |= {"state": self.phones.spelled("numbers state")}
        return {"number": number, "state": state, "network_state": "active", **planted}

    def _bound(self, number: str) -> Iterator[dict[str, Any]]:
        labels = {WEAK: ("b1", "b2")}.get(number, (self.label, self.phones.phone("bindings id")))
        for position, label in enumerate(labels, 1):
            state = "arrears" if number == WEAK else self.phones.spelled("bindings state")
            texts = ("holder", "carrier", "area")
            yield {
                **{name: self.phones.text(f"bindings {name}") for name in texts},
                "number": number,
                "id": label,
                "phone": self.bound,
                "kind": "mobile",
                "position": position,
                "state": state if position == 1 or number == WEAK else "ok",
                "areas": [self.phones.spelled("bindings areas")],
            }

    def _routing_of(self, what: str) -> dict[str, Any]:
        planted = {
            "region_allow": [...],
            "region_deny": [...],
            "blacklist": [...],
            "whitelist": {"enabled": True, "entries": [...]},
            "overflow": ...,
            "voicemail_recipient": ...,
            "trunk": ...,
            "menu": [{"menu": ..., "key": "1", "target": ...}],
            "extensions": [{"id": ..., "balance": 1.0, "minimum": 5.0}],
            "strategy": ...,
        }
        of_phone = {"bindings": [self.label, self.phones.identifier(f"{what} bindings")]}
        hours = {"days": "mon-fri", "from": "08:30", "to": "17:30", **of_phone}
        day = {"from": "2026-10-01", "to": "2026-10-07", "hours": [], **of_phone}
        plain = {"schedule": [hours], "special_days": [day], "wait_seconds": 20, **of_phone}
        return {**self.phones.filled(what, planted), **plain}

    def _call(self, index: int) -> dict[str, Any]:
        return {
            "id": self.phones.identifier("calls id"),
            "number": WATCHED[index % 3],
            "binding": self.label if index % 2 else self.phones.identifier("calls binding"),
            "caller": self.phones.phone("calls caller"),
            "started_at": stamp(60 + index),
            "result": self.phones.spelled("calls result") if index == 7 else "no_answer",
            "wait_seconds": 20,
            "talk_seconds": 0,
        }


def _envelope(data: Any) -> dict[str, Any]:
    return {"code": "0", "message": "ok", "data": data}


@contextmanager
def served(provider: PlantedProvider) -> Iterator[str]:
    """Serve ``provider`` until the block ends; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*provider.answer(self.path, self.headers.get("X-Api-Key", "")))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._send(*provider.take_delivery())

        def _send(self, status: int, document: Any) -> None:
            body = json.dumps(document, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)

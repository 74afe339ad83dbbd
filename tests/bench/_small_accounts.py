"""Serves any number of small accounts: ``python -m tests.bench._small_accounts [NUMBERS]``.

Prints its port. An account's key is ``k`` and its index; each has ``NUMBERS`` numbers with two
phones each, on pages made of a text in which the index is filled in: as little as possible happens
here per request, and signatures are not looked at. ``GET /begun`` is answered with the times at
which each account's listing was asked for (seconds of the machine's monotonic clock), as JSON.
"""

import asyncio
import json
import re
import sys
import time
from collections import defaultdict
from functools import partial
from typing import Any

PAGE_SIZE = 100
DIGITS = 5
"""Digits of an account's index."""
_INDEX = b"@" * DIGITS
_REQUEST = re.compile(rb"^GET [^ ?]*/v1/([a-z]+)(?:\?[^ ]*?\bpage=(\d+))?")
_KEY = re.compile(rb"\r\nX-Api-Key: k(\d+)", re.IGNORECASE)


def number_row(row: int) -> dict[str, object]:
    return {
        "number": f"40{_INDEX.decode()}{row:03}",
        "state": "active",
        "network_state": "active",
        "company": f"示例公司{_INDEX.decode()}",
        "grade": ("AAA", "AA", "A", "standard")[row % 4],
        "carrier": ("unicom", "telecom", "mobile")[row % 3],
        "contract_end": "2031-05-01",
        "realname_ok": True,
    }


def phone_row(row: int) -> dict[str, object]:
    return {
        "number": f"40{_INDEX.decode()}{row // 2:03}",
        "id": f"b{row % 2 + 1}",
        "phone": f"138{_INDEX.decode()}{row:03}",
        "kind": "mobile",
        "position": row % 2 + 1,
        "state": "ok",
    }


def _answer(data: dict[str, Any]) -> bytes:
    tree = {"code": 0, "message": "ok", "data": data}
    body = json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def _pages(rows: list[dict[str, object]]) -> list[bytes]:
    starts = range(0, len(rows), PAGE_SIZE)
    return [
        _answer(
            {
                "total": len(rows),
                "page": start // PAGE_SIZE + 1,
                "page_size": PAGE_SIZE,
                "items": rows[start : start + PAGE_SIZE],
            }
        )
        for start in starts
    ]


def templates(numbers: int) -> dict[bytes, list[bytes]]:
    """Whole HTTP answers by listing and page, without the account's index."""
    return {
        b"numbers": _pages([number_row(row) for row in range(numbers)]),
        b"bindings": _pages([phone_row(row) for row in range(2 * numbers)]),
        b"balance": [_answer({"amount": 5000.0, "currency": "CNY", "daily_spend": 10.0})],
    }


class Answering(asyncio.Protocol):
    """Answers requests without bodies on one connection."""

    def __init__(
        self, answers: dict[bytes, list[bytes]], begun: defaultdict[int, list[float]]
    ) -> None:
        self._answers = answers
        self._begun = begun
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *heads, self._pending = (self._pending + data).split(b"\r\n\r\n")
        for head in heads:
            self._transport.write(self._answer_to(head))

    def _answer_to(self, head: bytes) -> bytes:
        asked, key = _REQUEST.match(head), _KEY.search(head)
        if asked is None or key is None:
            return _plain(json.dumps(self._begun).encode())
        listing, page, account = asked[1], int(asked[2] or 1), int(key[1])
        if listing == b"numbers" and page == 1:
            self._begun[account].append(time.monotonic())
        return self._answers[listing][page - 1].replace(_INDEX, b"%0*d" % (DIGITS, account))


def _plain(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def serve(numbers: int) -> None:
    begun: defaultdict[int, list[float]] = defaultdict(list)
    loop = asyncio.get_running_loop()
    answering = partial(Answering, templates(numbers), begun)
    server = await loop.create_server(answering, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 100))

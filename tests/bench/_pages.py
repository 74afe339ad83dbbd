"""Serves the pages of a large account, rendered beforehand: ``python -m tests.bench._pages``.

Prints its port. As little as possible happens here per request, so that the client's work is
what is measured; signatures are not looked at.
"""

import asyncio
import json
import re
import sys
from functools import partial

NUMBERS = 100_000
PAGE_SIZE = 100
_PAGE = re.compile(rb"^GET [^ ?]*/v1/([a-z]+)\?[^ ]*?\bpage=(\d+)")


def numbers_row(index: int) -> dict[str, object]:
    return {
        "number": f"400{index:07}",
        "state": "active" if index % 100 else "suspended_arrears",
        "network_state": "active",
        "reason": "" if index % 100 else "欠费",
        "company": f"示例公司{index // 50}",
        "grade": ("AAA", "AA", "A", "standard")[index % 4],
        "carrier": "unicom",
        "contract_end": f"2027-{index % 12 + 1:02}-01",
        "reclaim_at": None,
        "realname_ok": True,
    }


def bindings_row(index: int) -> dict[str, object]:
    return {
        "number": f"400{index // 2:07}",
        "id": f"b{index % 2 + 1}",
        "phone": f"138{index:08}",
        "kind": "mobile" if index % 2 else "landline",
        "position": index % 2 + 1,
        "state": "ok",
    }


def rendered() -> dict[bytes, list[bytes]]:
    """Whole HTTP answers by listing and page."""
    return {
        b"numbers": [answer(numbers_row, NUMBERS, page) for page in pages(NUMBERS)],
        b"bindings": [answer(bindings_row, 2 * NUMBERS, page) for page in pages(2 * NUMBERS)],
    }


def pages(count: int) -> range:
    return range(-(-count // PAGE_SIZE))


def answer(row, count: int, page: int) -> bytes:
    items = [row(index) for index in range(page * PAGE_SIZE, min(count, (page + 1) * PAGE_SIZE))]
    data = {"total": count, "page": page + 1, "page_size": PAGE_SIZE, "items": items}
    tree = {"code": 0, "message": "ok", "data": data}
    body = json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


class Answering(asyncio.Protocol):
    """Answers requests without bodies on one connection."""

    def __init__(self, answers: dict[bytes, list[bytes]]) -> None:
        self._answers = answers
        self._pending = b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *heads, self._pending = (self._pending + data).split(b"\r\n\r\n")
        for head in heads:
            match = _PAGE.match(head)
            self._transport.write(self._answers[match[1]][int(match[2]) - 1])


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Answering, rendered()), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())

"""Requests of every awkward kind, the same for the same seed."""

import json
import random
from dataclasses import dataclass
from urllib.parse import quote

from agent.net.exchange import Request

NOW = 1_800_000_000.0
KEY = "AKIDexample"
SECRET = "secret/with+signs=and é中"

_TEXTS = (
    "",
    "a",
    "Z9",
    "400-123-4567",
    "北京 热线",
    "a b+c",
    "%41%",
    "~-._",
    "!*'()",
    "a&b=c",
    "/x/?y#z",
    ":@,;$[]",
    "\\\"'`{}|^<>",
    "é\u0301",
    "😀",
    "1",
    "2026-11-28T08:00:00Z",
    "\t\n",
)
_NAMES = ("a", "A", "PageNumber", "Filter.1.Name", "b", "_x", "Z", "列", "a b", "n[]")


@dataclass
class Generated:
    """One request as it is before its signature, and what it was made from."""

    request: Request
    path: str
    params: tuple[tuple[str, str], ...]
    body: bytes


PLAIN_NAMES = tuple(name for name in _NAMES if name.replace(".", "").isalnum() and name.isascii())


def requests(count, *, repeats=True, paths=True, names=_NAMES, host="api.example.com"):
    """``count`` requests, with the same names more than once and with paths where wanted."""
    for seed in range(count):
        yield _one(random.Random(seed), repeats, paths, names, host)


def _one(chance, repeats, paths, names, host):
    names = chance.choices(names, k=chance.randrange(7))
    if not repeats:
        names = list(dict.fromkeys(names))
    params = tuple((name, _text(chance)) for name in names)
    parts = [_text(chance).strip("/") or "x" for _ in range(chance.randrange(4))] if paths else []
    path = "/" + "/".join(part.replace("/", "-") for part in parts)
    body, headers = b"", {}
    if chance.random() < 0.6:
        tree = {name: _text(chance) for name in chance.sample(_NAMES, chance.randrange(4))}
        body = json.dumps(tree, ensure_ascii=chance.random() < 0.5).encode()
        headers = {"Content-Type": "application/json"}
    method = "POST" if body else chance.choice(("GET", "POST"))
    url = f"https://{host}{quote(path, safe='/-._~')}"
    return Generated(Request(method, url, params, headers, body), path, params, body)


def _text(chance):
    return "".join(chance.choices(_TEXTS, k=chance.choice((1, 1, 1, 2, 3))))


def changed_by_one_byte(text):
    """``text`` with its last hexadecimal digit replaced by another one."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")

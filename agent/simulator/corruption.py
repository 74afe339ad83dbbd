"""Bodies of faulty answers: malformed, of wrong types, in another charset, or a gzip bomb."""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

_DECIMAL = re.compile(r"-?\d+\.\d+")
_COMPANY = "北京示例科技有限公司"
_PIECE = b" " * (1 << 20)
_PIECES = 544
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

GZIP_BOMB_SIZE = _PIECES * len(_PIECE)
"""What the gzip bomb inflates to, in bytes."""


def encode(payload: object) -> bytes:
    """A JSON value as UTF-8."""
    return msgspec.json.encode(payload)


def bad_json(body: bytes) -> bytes:
    """JSON that stops in the middle and goes on as something else."""
    return body[: max(1, len(body) * 2 // 3)] + b"<html>,,}"


def wrong_type(payload: object) -> object:
    """Text where numbers and objects are expected, the envelope left whole."""
    plain = msgspec.to_builtins(payload)
    if not isinstance(plain, dict):
        return "object"
    return {
        key: value if isinstance(value, bool | int) else _wrong(value)
        for key, value in plain.items()
    }


def _wrong(value: Any, depth: int = 0) -> Any:
    if isinstance(value, bool) or value is None:
        return "perhaps"
    if isinstance(value, int | float) or (isinstance(value, str) and _DECIMAL.fullmatch(value)):
        return "many"
    if isinstance(value, list):
        return ["object" if isinstance(item, dict) else _wrong(item) for item in value]
    if isinstance(value, dict) and depth:
        return "object"
    if isinstance(value, dict):
        return {key: _wrong(item, depth + 1) for key, item in value.items()}
    return value


def gbk(payload: object) -> bytes:
    """The answer in GBK, with Chinese in it wherever the API has a company or a message."""
    plain = _chinese(msgspec.to_builtins(payload))
    return msgspec.json.encode(plain).decode().encode("gbk", "replace")


def _chinese(value: Any) -> Any:
    if isinstance(value, list):
        return [_chinese(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _chinese_value(key, item) for key, item in value.items()}


def _chinese_value(key: str, value: Any) -> Any:
    if key in {"company", "friendly_name"}:
        return value if isinstance(value, str) and not value.isascii() else _COMPANY
    return "成功" if key == "message" and value == "ok" else _chinese(value)


def _pieces() -> tuple[bytes, bytes]:
    """One compressed mebibyte, and the end of the stream."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = deflate.compress(_PIECE) + deflate.flush(zlib.Z_FULL_FLUSH)
    return piece, deflate.flush(zlib.Z_FINISH)


def make_gzip_bomb(pieces: int = _PIECES) -> bytes:
    """A small gzip stream that inflates to more than 512 MiB (docs/reference/reliability.md §1).

    A mebibyte of blanks is compressed once and flushed to a byte boundary; the stream is that
    piece over and over, so that neither making nor sending it takes memory.
    """
    piece, end = _pieces()
    checksum = 0
    for _ in range(pieces):
        checksum = zlib.crc32(_PIECE, checksum)
    trailer = struct.pack("<II", checksum, pieces * len(_PIECE))
    return _HEADER + piece * pieces + end + trailer


def chunks(bomb: bytes, size: int = 16384) -> Iterator[bytes]:
    """The stream in pieces to send."""
    for start in range(0, len(bomb), size):
        yield bomb[start : start + size]

"""What faults do to the text of an answer. Pure functions."""

import re
from typing import Any

import msgspec

_DECIMAL = re.compile(r"-?\d+\.\d+")
_COMPANY = "北京示例科技有限公司"


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
    """The answer in GBK, with Chinese in it wherever the API tells a company or a message."""
    plain = _chinese(msgspec.to_builtins(payload))
    return msgspec.json.encode(plain).decode().encode("gbk", "replace")


def _chinese(value: Any) -> Any:
    if isinstance(value, list):
        return [_chinese(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _said(key, item) for key, item in value.items()}


def _said(key: str, value: Any) -> Any:
    if key in {"company", "friendly_name"}:
        return value if isinstance(value, str) and not value.isascii() else _COMPANY
    return "成功" if key == "message" and value == "ok" else _chinese(value)

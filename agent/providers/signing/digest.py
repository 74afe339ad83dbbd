"""Digests as providers want them: which hash, keyed or not, written how."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Final, Literal

Algorithm = Literal["md5", "sha1", "sha256", "sha512"]
Encoding = Literal["hex", "hex_upper", "base64"]

_WRITTEN: Final[Mapping[Encoding, Callable[[bytes], str]]] = {
    "hex": bytes.hex,
    "hex_upper": lambda raw: raw.hex().upper(),
    "base64": lambda raw: base64.b64encode(raw).decode("ascii"),
}


def keyed_digest(algorithm: Algorithm, key: str, message: str, encoding: Encoding) -> str:
    """The HMAC of ``message`` under ``key``, written in ``encoding``."""
    return _WRITTEN[encoding](hmac.digest(key.encode(), message.encode(), algorithm))


def plain_digest(algorithm: Algorithm, message: str, encoding: Encoding) -> str:
    """The hash of ``message``, written in ``encoding``.

    MD5 and SHA-1 are what some providers' signatures are made of; nothing of ours rests on them.
    """
    return _WRITTEN[encoding](
        hashlib.new(algorithm, message.encode(), usedforsecurity=False).digest()
    )


def base64_text(text: str) -> str:
    """``text`` as base64 of its UTF-8 bytes."""
    return base64.b64encode(text.encode()).decode("ascii")

"""Digests of a signing section: a hash or HMAC of one template under another one's text."""

import hmac
from collections.abc import Callable, Mapping
from typing import Final

from agent.providers.profile.filters import (
    base64_text,
    base64url_text,
    from_bytes,
    hash_bytes,
    to_bytes,
)
from agent.providers.profile.template import Template
from agent.providers.signing.moments import Values
from agent.providers.signing.section import Algorithm, Digest, Encoding

_ENCODERS: Final[Mapping[Encoding, Callable[[bytes], str]]] = {
    "hex": bytes.hex,
    "hex_upper": lambda raw: raw.hex().upper(),
    "base64": base64_text,
    "base64url": base64url_text,
    "raw": from_bytes,
}


def digest_maker(digest: Digest) -> Callable[[Values], str]:
    """A function that returns the encoded digest of the values that fill its templates."""
    message, encode = Template(digest.message), _ENCODERS[digest.encoding]
    key = None if digest.key is None else Template(digest.key)

    def make(values: Values) -> str:
        raw = to_bytes(message.fill(values))
        if key is None:
            return encode(_plain(digest.algorithm, raw))
        return encode(keyed_digest(digest.algorithm, to_bytes(key.fill(values)), raw))

    return make


def keyed_digest(algorithm: Algorithm, key: bytes, message: bytes) -> bytes:
    """The HMAC of ``message`` under ``key``."""
    return hmac.digest(key, message, algorithm)


def _plain(algorithm: Algorithm, raw: bytes) -> bytes:
    return raw if algorithm == "none" else hash_bytes(algorithm, raw)

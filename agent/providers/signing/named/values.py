"""What a named signer signs with, and the steps that most of them have in common."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from agent.net.exchange import Request
from agent.providers.signing.digests import keyed_digest


@dataclass(frozen=True)
class SignerValues:
    """The parameters of a named signer, filled in for one attempt."""

    key: str
    """The key's id, which is sent."""
    secret: str
    now: float
    """Epoch seconds."""
    nonce: str
    token: str = ""
    """A temporary security token; empty without one."""
    action: str = ""
    version: str = ""
    service: str = ""
    region: str = ""


NamedSign = Callable[[Request, SignerValues], Request]


def sha256_hex(content: bytes) -> str:
    """The SHA-256 of ``content`` in lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def hmac_hex(key: bytes, text: str) -> str:
    """The HMAC-SHA256 of ``text`` under ``key`` in lower-case hexadecimal digits."""
    return keyed_digest("sha256", key, text.encode()).hex()


def chained_key(secret: str, steps: Iterable[str]) -> bytes:
    """The key after an HMAC-SHA256 of each step under the key before it, ``secret`` the first."""
    return reduce(
        lambda key, step: keyed_digest("sha256", key, step.encode()), steps, secret.encode()
    )


def canonical_headers(headers: Mapping[str, str]) -> tuple[str, str]:
    """Lines ``name:value`` in the order of the lower-case names, and the names joined by ``;``."""
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    lines = [f"{name}:{lower[name]}\n" for name in sorted(lower)]
    return "".join(lines), ";".join(sorted(lower))


def canonical_request(
    request: Request, path: str, query: str, headers: Mapping[str, str], body_hash: str
) -> tuple[str, str]:
    """The text that is hashed and signed, and the names of the signed headers."""
    lines, names = canonical_headers(headers)
    return f"{request.method}\n{path}\n{query}\n{lines}\n{names}\n{body_hash}", names

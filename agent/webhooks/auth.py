"""Authorizes requests by the token that they carry; where they come from decides nothing.

Behind a reverse proxy every request comes from this machine, and a browser on it can be made to
send requests to the loopback address (DNS rebinding), so the peer's address proves nothing.

Alertmanager cannot sign what it posts (docs/reference/ticketing.md §5), so no signature is
required of it. Client certificates are the business of whatever terminates TLS in front of the
agent.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable, Iterable

from aiohttp import web

from agent.config.secret import Secret
from agent.webhooks.guesses import GuessLimiter
from agent.webhooks.peer import peer_of
from exporters.telemetry import Telemetry

USER_NAME: web.RequestKey[str] = web.RequestKey("user_name", str)
"""The name under which the sender has logged in, set by the web application where there is one."""
_SIGNATURES = ("webhook-signature", "X-Hub-Signature")


class TokenCheck:
    """Compares the tokens of requests, as often as a peer may guess.

    Args:
        own_token: Returns the agent's own token: ``web.token``, or the one of its data directory.
        telemetry: Counts wrong credentials.
    """

    def __init__(
        self,
        own_token: Callable[[], Secret | None] = lambda: None,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._own_token = own_token
        self.guesses = GuessLimiter(telemetry)
        self._no_token = secrets.token_bytes(32)
        self.shared_root: bytes | None = None
        """What the keys are made of where several agents answer the same browsers."""

    def key(self, purpose: str) -> bytes:
        """A key that only this agent has, for ``purpose``; it changes when the own token does.

        Where several agents answer the same browsers, they have it in common and it stays.
        """
        own = self._own_token()
        if self.shared_root is not None:
            return hmac.digest(self.shared_root, purpose.encode(), "sha256")
        root = self._no_token if own is None else own.reveal().encode()
        return hmac.digest(root, purpose.encode(), "sha256")

    def has_own_token(self, request: web.Request) -> bool:
        """Whether ``request`` carries the agent's own token, as bearer token or as password."""
        own = self._own_token()
        presented = _bearer_token(request) or basic_credentials(request)[1]
        return own is not None and _is_one_of(presented, [own])

    def denial_reason(self, request: web.Request, tokens: Iterable[Secret]) -> str:
        """Why ``request`` is not authorized at a webhook; empty when it is.

        It must carry one of ``tokens`` as bearer token; where there are none, the agent's own.
        """
        own = self._own_token()
        accepted = list(tokens) or ([] if own is None else [own])
        if _is_one_of(_bearer_token(request), accepted):
            return ""
        return "the bearer token is missing or wrong"

    def is_limited(self, request: web.Request, credentials: str | None = None) -> bool:
        """Whether ``request`` has credentials that must not be compared for now.

        ``credentials`` are what it presents, where they are not in the usual headers.
        """
        presented = presented_credentials(request) if credentials is None else credentials
        return bool(presented) and self.guesses.is_limited(peer_of(request))

    def count_wrong(
        self, request: web.Request, credentials: str | None = None, *, repeats: bool = True
    ) -> None:
        """Count the credentials of ``request`` as wrong; a request without any is no guess."""
        if credentials is None:
            credentials = presented_credentials(request)
        if credentials:
            self.guesses.count_wrong(peer_of(request), credentials, request.path, repeats=repeats)

    def count_right(self, request: web.Request) -> None:
        """Remember that the peer of ``request`` has presented right credentials."""
        self.guesses.count_right(peer_of(request))


def signed_name(request: web.Request, typed: str) -> str:
    """The name for what ``request`` does, where a form or body has ``typed``: ``li (Li Wei)``.

    A user who has logged in under a name cannot act under another. With the agent's token, which
    many may share, the typed name is all there is.
    """
    name, typed = request.get(USER_NAME, ""), typed.strip()
    if not name:
        return typed
    return name if typed in {"", name} else f"{name} ({typed})"


def presented_credentials(request: web.Request) -> str:
    """The header of ``request`` that is to prove who sends it; empty where it has none."""
    headers = request.headers
    scheme, _, credentials = headers.get("Authorization", "").strip().partition(" ")
    if credentials:
        return f"{scheme} {credentials}"
    return next(filter(None, (headers.get(name, "").strip() for name in _SIGNATURES)), "")


def basic_credentials(request: web.Request) -> tuple[str, str]:
    """User name and password; both empty where the request has none."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    user, _, password = text.partition(":")
    return user, password


def _bearer_token(request: web.Request) -> str:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else ""


def _is_one_of(presented: str, tokens: Iterable[Secret]) -> bool:
    """Whether ``presented`` is one of ``tokens``; an empty text is none, whatever they are."""
    sent = presented.encode("utf-8", "surrogateescape")
    # Every token is compared, so that the time it takes does not reveal which one was close.
    matches = [hmac.compare_digest(sent, token.reveal().encode()) for token in tokens]
    return bool(sent.strip()) and any(matches)

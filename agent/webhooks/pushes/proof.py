"""Verifies that a message comes from the provider, as its profile says how the provider proves it.

What is sent is compared with what the provider would have sent, for each secret of the account; all
are compared, so that the time it takes does not reveal which one was close.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from agent.config.pushes import Pushes
from agent.net.timestamps import (
    epoch_parser,
    iso_parser,
    parse_offset,
    parse_rfc2822,
)
from agent.providers.profile.filters import from_bytes, to_bytes
from agent.providers.profile.json_path import follow, path_of, scalar_text
from agent.providers.profile.push_schema import Place, PushAuth, TimeStamp
from agent.providers.profile.template import Template
from agent.providers.signing.digests import digest_maker
from agent.webhooks.auth import basic_credentials

_FROM_BODY: Final = "in the body"
"""Stands for credentials that only the body holds, where guesses are counted."""
_LONGEST: Final = 4096

_COMPACT: Final = {"compact": "%Y%m%d%H%M%S", "iso_compact": "%Y%m%dT%H%M%SZ"}


class UnprovenError(ValueError):
    """The message is not proven to come from the provider; the text says why."""


@dataclass(frozen=True)
class Proof:
    """What proves the messages to one account.

    Args:
        auth: The section of the profile.
        pushes: The account's section.
        values: Returns the account's credentials and the profile's options by name.
    """

    auth: PushAuth
    pushes: Pushes
    values: Callable[[], Mapping[str, str]]

    @property
    def needs_body(self) -> bool:
        """Whether nothing is proven before the body is there."""
        auth = self.auth
        texts = [auth.expected, *(it.message for it in auth.digests)]
        texts += [digest.key for digest in auth.digests if digest.key is not None]
        return self.needs_tree or any("body" in Template(text).names for text in texts)

    @property
    def needs_tree(self) -> bool:
        """Whether what proves a message is in its decoded body."""
        auth = self.auth
        places = [auth, *auth.values.values(), *filter(None, [auth.timestamp])]
        return any(place.field is not None for place in places)

    def credentials(self, request: web.Request) -> str:
        """What ``request`` presents, for counting guesses; empty where it presents nothing."""
        if self.auth.basic:
            return ":".join(basic_credentials(request)).strip(":")
        return _FROM_BODY if self.auth.field is not None else _in_head(self.auth, request)

    def check_head(self, request: web.Request, now: float) -> None:
        """Check all that can be checked before the body is there.

        Raises:
            UnprovenError: when no body can make it a proven message.
        """
        if not self.credentials(request):
            raise UnprovenError("the credentials are missing")
        stamp = self.auth.timestamp
        if stamp is not None and stamp.field is None:
            _check_time(stamp, _in_head(stamp, request), now)

    def verify(self, request: web.Request, body: bytes, tree: Any, now: float) -> None:
        """Check the message; ``tree`` is its decoded body, or ``None`` where it is not needed.

        Raises:
            UnprovenError: when it is not proven.
        """
        self.check_head(request, now)
        secrets = [it for it in (self.pushes.secret, self.pushes.former_secret) if it is not None]
        if self.auth.basic:
            user, password = basic_credentials(request)
            # Both are compared in any case.
            known = hmac.compare_digest(user.encode(), self.pushes.user.encode())
            right = _is_one_of(password, (it.reveal() for it in secrets))
            if not (known and right):
                raise UnprovenError("the user name or the secret is wrong")
            return
        stamp = self.auth.timestamp
        if stamp is not None and stamp.field is not None:
            _check_time(stamp, _text(stamp, request, tree), now)
        sent = _text(self.auth, request, tree)
        expected = [self._expected(it.reveal(), request, body, tree) for it in secrets]
        if not _is_one_of(sent, expected):
            raise UnprovenError("the credentials or the signature are wrong")

    def _expected(self, secret: str, request: web.Request, body: bytes, tree: Any) -> str:
        auth = self.auth
        values = {
            **self.values(),
            "secret": secret,
            "user": self.pushes.user,
            "method": request.method,
            "path": request.rel_url.raw_path,
            "query": request.rel_url.raw_query_string,
            "body": from_bytes(body),
            **{name: _text(place, request, tree) for name, place in auth.values.items()},
        }
        if auth.timestamp is not None:
            values["timestamp"] = _text(auth.timestamp, request, tree)
        for digest in auth.digests:
            values[digest.name] = digest_maker(digest)(values)
        return Template(auth.expected).fill(values)


def place_text(place: Place, request: web.Request, tree: Any) -> str:
    """The text at ``place`` of a message; empty where there is none."""
    return _text(place, request, tree)


def _in_head(place: Place, request: web.Request) -> str:
    if place.header is not None:
        return request.headers.get(place.header, "")[:_LONGEST].strip()
    return request.rel_url.query.get(place.query or "", "")[:_LONGEST]


def _text(place: Place, request: web.Request, tree: Any) -> str:
    if place.field is None:
        return _in_head(place, request)
    value = follow(tree, path_of(place.field))
    return scalar_text(value)[:_LONGEST] if isinstance(value, str | int | float) else ""


def _is_one_of(sent: str, expected: Iterable[str]) -> bool:
    presented = to_bytes(sent.encode("utf-8", "replace").decode("utf-8"))
    matches = [hmac.compare_digest(presented, to_bytes(text)) for text in expected]
    return bool(presented) and any(matches)


def _check_time(stamp: TimeStamp, text: str, now: float) -> None:
    try:
        at = _epoch(stamp, text)
    except ValueError:
        raise UnprovenError("the time stamp is missing or is no time") from None
    if abs(now - at) > stamp.window:
        raise UnprovenError(f"the time stamp is more than {stamp.window:.0f} s off")


def _epoch(stamp: TimeStamp, text: str) -> float:
    zone = parse_offset(stamp.zone)
    if stamp.format == "seconds":
        return epoch_parser(1.0)(text)
    if stamp.format == "milliseconds":
        return epoch_parser(0.001)(text)
    if stamp.format == "http":
        return parse_rfc2822(text)
    if stamp.format in _COMPACT:
        at = datetime.strptime(text, _COMPACT[stamp.format])  # noqa: DTZ007 - the zone follows
        return at.replace(tzinfo=UTC if stamp.format == "iso_compact" else zone).timestamp()
    return iso_parser(zone)(text)

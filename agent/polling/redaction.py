"""Keeps secrets out of the words that go to logs, pages and metrics."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from agent.config.secret import Secret

SHOWN = "<secret>"

_SHORTEST = 4
"""A shorter secret would be cut out of innocent words."""

_QUERY = re.compile(r"(https?://[^\s?#'\"]*)[?#][^\s'\"]*", re.IGNORECASE)
_LOGIN = re.compile(r"(https?://)[^\s/@]+@", re.IGNORECASE)


class Redactor:
    """Cuts queries and logins from addresses, and an account's own secrets wherever they are."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        plain = {secret.reveal() for secret in secrets}
        forms = plain | {quote(value, safe="") for value in plain}
        known = sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """``text`` without secrets."""
        text = _LOGIN.sub(rf"\1{SHOWN}@", _QUERY.sub(rf"\1?{SHOWN}", text))
        return self._secrets.sub(SHOWN, text) if self._secrets else text

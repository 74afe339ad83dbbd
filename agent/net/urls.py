"""Query strings in one spelling, and next-page links that stay on the provider's own host."""

import re
from collections.abc import Iterable
from urllib.parse import quote, urljoin, urlsplit

from agent.net.exchange import ProviderError
from agent.states import PollFailure

_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*", re.ASCII)
_PRINTABLE_LINK = re.compile(r"[!-~]{1,4096}", re.ASCII)


def encode(text: str) -> str:
    """Percent-encode everything but the unreserved characters of RFC 3986 §2.3."""
    # Most values are digits or one word: that is seen faster than a pattern is matched.
    is_word = text.isalnum() and text.isascii()
    return text if is_word or _UNRESERVED.fullmatch(text) else quote(text, safe="-._~")


def encode_query(params: Iterable[tuple[str, str]]) -> str:
    """The query string ``a=1&b=2``, with the parameters in the order given.

    The same spelling is sent and signed: a signature over the query would otherwise not match
    what the server receives.
    """
    return "&".join([f"{encode(name)}={encode(value)}" for name, value in params])


def sorted_query(params: Iterable[tuple[str, str]]) -> str:
    """The query string ``a=1&b=2``, with the parameters sorted by name, then by value."""
    return encode_query(sorted(params))


def next_url(base_url: str, link: str, label: str) -> str:
    """Resolve a next-page link against ``base_url``.

    A link to another origin is refused, because the next request would carry the account's
    credentials there.

    Raises:
        ProviderError: ``pagination`` when ``link`` is not a URL, or its scheme, host, port or
            user differs from that of ``base_url``; ``label`` names the request in the message.
    """
    if _PRINTABLE_LINK.fullmatch(link):
        try:
            url = urljoin(base_url, link)
            if _origin(url) == _origin(base_url):
                return url
        except ValueError:
            pass
    raise ProviderError(
        PollFailure.PAGINATION, f"{label}: the next page's link leads away from the provider"
    )


def _origin(url: str) -> tuple[str, str | None, int | None, str | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port, parts.username

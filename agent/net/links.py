"""Next-page links: followed on the provider's own host only, or they would carry the keys away."""

import re
from urllib.parse import urljoin, urlsplit

from agent.net.exchange import ProviderError
from agent.states import PollFailure

_PLAIN = re.compile(r"[!-~]{1,4096}", re.ASCII)


def next_url(base_url: str, link: str, what: str) -> str:
    """The absolute address of ``link``, which may be relative to the host of ``base_url``.

    Raises:
        ProviderError: ``pagination`` when it is no address, or leads to another host, port or
            scheme.
    """
    if _PLAIN.fullmatch(link):
        try:
            url = urljoin(base_url, link)
            if _origin(url) == _origin(base_url):
                return url
        except ValueError:
            pass
    raise ProviderError(
        PollFailure.PAGINATION, f"{what}: the next page's link leads away from the provider"
    )


def _origin(url: str) -> tuple[str, str | None, int | None, str | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port, parts.username

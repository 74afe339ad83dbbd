"""The parts of a profile's schema that say what is sent: addresses, bodies, pages, windows."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from agent.config.section import Section
from agent.config.values import http_url
from agent.net.exchange import RateLimit
from agent.yamlfile.schema import ValueType
from agent.yamlfile.values import Duration


def _address(value: str) -> str:
    """An address; one with options in it is checked when they are known."""
    return value if "{" in value else http_url(value)


Address = Annotated[
    str,
    AfterValidator(_address),
    ValueType(
        "http(s) address",
        "an address such as https://api.example.com, options in braces",
        private=True,  # it may hold a key
        pattern=r"^(https?://|\{)",
    ),
]
"""An address that may hold options of the profile: ``https://api.{region}.example.com``."""


def _body(value: Any) -> Any:
    if not isinstance(value, dict | list):
        raise ValueError("is no body")  # noqa: TRY004 - what pydantic takes for a mistake
    return value


Body = Annotated[
    Any,
    BeforeValidator(_body),
    ValueType(
        "keys and values",
        "keys and values, or a list",
        private=True,  # it may hold a key
        anyOf=[{"type": "object"}, {"type": "array"}],
    ),
]
"""A JSON body: texts in it are templates, everything else is sent as it is written."""


def _span(value: Any) -> Any:
    """A bare duration in place of a window is its largest span."""
    return value if isinstance(value, dict) else {"span": value}


class Paging(Section):
    """How a listing is cut into pages.

    ``{page}``, ``{offset}``, ``{cursor}`` and ``{size}`` in the request say where they go; those
    that it does not have are sent as ``param`` and ``size_param``.
    """

    kind: Literal["none", "page", "offset", "next", "token"] = "none"
    param: str = "page"
    """The parameter of the query, or member of the body, that says which page: the number of the
    ``page``, the ``offset`` in records, or the ``token``. In a JSON body a dotted path."""
    size_param: str | None = None
    """The parameter or member that asks for a page size."""
    size: Annotated[int, Field(ge=1, le=10_000)] = 100
    first: Annotated[int, Field(ge=0, le=1)] = 1
    """The number of the first page; of the first record where the kind is ``offset``, then 0."""
    first_token: str | None = None
    """The token of the first page; without it that page is requested without one."""
    total: str | None = None
    """The path of the number of records; where it is given, pages are requested concurrently."""
    total_pages: str | None = None
    """The path of the number of pages; pages are then requested concurrently."""
    more: str | None = None
    """The path of a switch that says whether there are more records."""
    next: str | None = None
    """The path of the next page's URL or token; empty on the last page."""
    max_pages: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """The provider gives no more pages than this; a longer listing is truncated and not used."""
    growing: bool = False
    """The listing grows while it is read (call records): repeats are dropped, not a fault."""


class RateLimitSection(Section):
    """At most ``requests`` in any stretch of ``per``; ``polling.rate`` can only lower it."""

    requests: Annotated[int, Field(ge=1, le=100_000)]
    per: Annotated[Duration, Field(gt=0, le=31 * 86_400)] = 1.0
    """The length of the stretch."""

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.per

    def limit(self, scope: str) -> RateLimit:
        """The limit for requests; those with the same ``scope`` are counted together."""
        return RateLimit(self.requests, self.per, scope)


class WindowSection(Section):
    """The stretches of time in which records are asked for: ``{since}`` to ``{until}``."""

    span: Annotated[Duration, Field(ge=60)] | None = None
    """The largest that the provider takes; longer ones are asked for piece by piece."""
    zone: str | None = None
    """The offset of times and days in the request, for example ``"+08:00"``; UTC without it."""
    format: str | None = None
    """The format of ``{since_formatted}``, ``{until_formatted}`` and ``{day_formatted}``:
    ``"%Y/%m/%d %H:%M"``."""


Window = Annotated[WindowSection, BeforeValidator(_span)]

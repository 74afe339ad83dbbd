"""The navigation of the pages: its entries, and links that keep the reader's language."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from aiohttp import web
from markupsafe import Markup, escape

from agent.config.web import Role
from agent.i18n import Message
from agent.web.authentication import role_of
from agent.web.endpoint import ENDPOINTS

NAVIGATION: tuple[tuple[str, Message], ...] = (
    ("/", Message("Home")),
    ("/numbers", Message("Numbers")),
    ("/tickets", Message("Tickets")),
    ("/dispatch", Message("Dispatch")),
    ("/complaints", Message("Complaints")),
    ("/inspections", Message("Inspections")),
    ("/test-calls", Message("Test calls")),
    ("/reports", Message("Reports")),
    ("/accounts", Message("Accounts")),
    ("/providers", Message("Providers and polling")),
    ("/rules", Message("Rules and alerts")),
    ("/sinks", Message("Sinks and outbox")),
    ("/runbooks", Message("Runbooks")),
    ("/config", Message("Configuration")),
    ("/privacy", Message("Privacy")),
    ("/audit", Message("Audit log")),
)
"""Path and text of every entry, in order; one whose path has no page is left out."""


@dataclass(frozen=True)
class NavigationEntry:
    """One entry of the navigation."""

    href: Markup
    text: str
    is_current: bool
    """Whether the page shown is this one or lies below it."""


@dataclass(frozen=True)
class Links:
    """Makes the addresses of links and forms; templates call it ``link``."""

    lang: str
    """The language that the reader chose in the address; empty where the browser chose."""
    mask: Callable[[str], str] = str
    """Masks what a viewer may not read, in an address as well as in a text."""

    def __call__(self, path: str, *segments: object, **query: object) -> Markup:
        """The address, escaped for an attribute.

        Args:
            path: The path; ``{}`` stands for a segment, as in ``/tickets/{}``.
            segments: The texts of the segments, quoted here.
            query: The query; what is empty or ``None`` is left out.
        """
        return escape(self.address(path, *segments, **query))

    def address(self, path: str, *segments: object, **query: object) -> str:
        """The same as it goes into a header, such as that of a redirect."""
        fields = {
            name: self.mask(str(value)) for name, value in query.items() if value not in (None, "")
        }
        if self.lang:
            fields["lang"] = self.lang
        path = path.format(*(quote(self.mask(str(segment)), safe="") for segment in segments))
        return f"{path}?{urlencode(fields)}" if fields else path


def navigation(request: web.Request, links: Links, locale: str) -> list[NavigationEntry]:
    """The entries that have a page which the reader may see, in the language of ``locale``."""
    endpoints, role = request.app[ENDPOINTS], role_of(request)
    pages = {
        path
        for (method, path), endpoint in endpoints.items()
        if method == "GET" and role.includes(endpoint.access.role or Role.VIEWER)
    }
    return [
        NavigationEntry(links(path), message.text(locale), _is_current(request.path, path))
        for path, message in NAVIGATION
        if path in pages
    ]


def language_link(request: web.Request, lang: str) -> Markup:
    """The address of the page shown in another language, with all else that is chosen."""
    chosen = [(name, value) for name, value in request.query.items() if name != "lang"]
    return escape(f"{request.rel_url.raw_path}?{urlencode([*chosen, ('lang', lang)])}")


def _is_current(shown: str, path: str) -> bool:
    return shown == path or (path != "/" and shown.startswith(f"{path}/"))

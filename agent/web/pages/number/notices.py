"""How a form leads back to the page of its number, and what the page says then."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from agent.i18n import Message
from agent.web.language import LANG
from agent.web.numbers import ACCOUNT_QUERY
from agent.web.pages.navigation import Links
from agent.web.parameters import Parameter

NOTICES: Final[Mapping[str, Message]] = {
    "approved": Message("Approved: this configuration is the baseline from now on."),
    "rejected": Message("Rejected: the drift ticket stays open until the change is taken back."),
    "waived": Message("Waived: the finding is shown and not counted until its day."),
    "withdrawn": Message("The waiver is withdrawn: the finding counts again."),
    "answered": Message("The answer is recorded with the number's open tickets."),
    "checked": Message("The account was polled just now."),
    "checking": Message("The account is being polled; this page follows when that is done."),
}
"""By the value of the parameter ``done``, with which a form leads back to the page."""

DONE: Final = Parameter(
    "done", "The form that was carried out, so that the page says so.", tuple(NOTICES)
)
FORM_QUERY: Final = (LANG, *ACCOUNT_QUERY)
"""The query of a form's address: what the page that it leads back to shows."""


def back_to_number(
    request: web.Request, query: Mapping[str, str], done: str, path: str = "/numbers/{}"
) -> web.HTTPSeeOther:
    """The redirect, to be raised, that leads from a form's address with ``query`` to its page."""
    chosen = {name: value for name, value in query.items() if name != LANG.name}
    links = Links(query.get(LANG.name, ""))
    number = request.match_info["number"]
    return web.HTTPSeeOther(links.address(path, number, **chosen, done=done))

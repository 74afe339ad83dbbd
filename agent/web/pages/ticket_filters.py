"""What the list of tickets can be filtered by: parameters of its address, and ready-made views."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from msgspec.structs import replace

from agent.i18n import Message
from agent.states import Cause, Grade, Party, Scope, Severity, Stage
from agent.tickets.index_filter import NOBODY, IndexFilter, TicketState
from agent.web.language import LANG
from agent.web.parameters import ACCOUNT, OFFSET, PROVIDER, Parameter, read

PAGE_SIZE = 50
_DAY = 86400.0
_YES = ("", "1")
_LAYOUTS = ("list", "board")
_TEXTS = ("number", "company", "assignee", "text")
_CHOSEN = ("stage", "severity", "grade", "scope", "cause", "party", "provider", "account")

FILTERS: Final = (
    Parameter("state", "Open or closed tickets, or both.", tuple(TicketState), default="open"),
    Parameter("stage", "Only tickets in this stage.", ("", *Stage)),
    Parameter("severity", "Only tickets of this severity.", ("", *Severity)),
    Parameter("grade", "Only tickets of this grade.", ("", *Grade)),
    Parameter("scope", "Only tickets of this scope.", ("", *Scope)),
    Parameter("cause", "Only tickets with this cause.", ("", *Cause)),
    Parameter("party", "Only tickets that are this party's job.", ("", *Party)),
    PROVIDER,
    ACCOUNT,
    Parameter("number", "Only tickets on this number."),
    Parameter("company", "Only tickets of companies with this in their name."),
    Parameter("assignee", "Only tickets assigned to this person."),
    Parameter("assigned", "Only tickets of the reader, or of nobody.", ("", "me", "nobody")),
    Parameter("text", "Only tickets with this in their id, title, company or number."),
    Parameter("overdue", "Only tickets with a clock that has run out.", _YES),
    Parameter("severe", "Only severe faults.", _YES),
    Parameter("closed", "Only tickets closed in the last so many days.", ("", "1", "7", "30")),
)
TICKETS_QUERY: Final = (
    LANG,
    Parameter("view", "A list, or a board by stage.", _LAYOUTS, default="list"),
    *FILTERS,
    OFFSET,
)
_NAMES: Final = tuple(parameter.name for parameter in FILTERS)


@dataclass(frozen=True)
class View:
    """A ready-made view of the list."""

    name: Message
    query: Mapping[str, str]


DEFAULT_VIEWS: Final = (
    View(Message("All open"), {}),
    View(Message("Mine"), {"assigned": "me"}),
    View(Message("Overdue"), {"overdue": "1"}),
    View(Message("Waiting for the provider"), {"party": "provider"}),
    View(Message("Severe faults"), {"severe": "1"}),
    View(Message("Taken by nobody"), {"assigned": "nobody"}),
    View(Message("Closed this week"), {"state": "closed", "closed": "7"}),
)
"""The views that everybody has."""


def read_query(query: Mapping[str, str]) -> dict[str, str]:
    """The parameters of the list; a form sends empty filters, which select all.

    Raises:
        ApiError: for a parameter that is not known or a value that is not allowed.
    """
    return read(query, TICKETS_QUERY)


def chosen(query: Mapping[str, str]) -> dict[str, str]:
    """What of ``query`` is chosen, without the place in the list, for links."""
    defaults = {parameter.name: parameter.default for parameter in TICKETS_QUERY}
    names = ("view", *_NAMES)
    return {name: query[name] for name in names if query[name] not in ("", defaults[name])}


def stored_query(text: str) -> str:
    """A query as a saved view stores it: what is chosen in it, in one order.

    Raises:
        ApiError: when it is no query of the list.
    """
    return urlencode(chosen(read_query(dict(parse_qsl(text)))))


def selection_of(query: Mapping[str, str], actor: str, now: float) -> IndexFilter:
    """The filter that ``query`` stands for when ``actor`` reads the list."""
    assignee = query["assignee"].strip()
    if query["assigned"]:
        assignee = actor or "\0" if query["assigned"] == "me" else NOBODY
    state = TicketState(query["state"])
    if query["closed"]:
        state = TicketState.CLOSED
    if query["overdue"]:
        state = TicketState.OPEN
    selection = IndexFilter(
        state=state,
        assignee=assignee,
        overdue=bool(query["overdue"]),
        severe=bool(query["severe"]),
        closed_since=now - int(query["closed"]) * _DAY if query["closed"] else 0.0,
        company=query["company"].strip(),
        text=query["text"].strip(),
        number=query["number"].strip(),
    )
    return replace(selection, **{name: query[name] for name in _CHOSEN})

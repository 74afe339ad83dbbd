"""The page of rules and alerts: what fires and since when, and how every rule is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from aiohttp import web

from agent.rules.queries.queries import Queries
from agent.tickets.ticket import Ticket
from agent.web.authentication import is_authorized
from agent.web.endpoint import Endpoint
from agent.web.language import LANG
from agent.web.pages.list_page import ListPage
from agent.web.pages.rendering import BAD_REQUEST, HTML, page, reader_locale
from agent.web.parameters import OFFSET, Parameter, read
from agent.web.privacy import viewer_mask
from agent.web.rule_views import (
    STATES,
    AlertRow,
    Choice,
    GroupRows,
    alert_rows,
    chosen_alerts,
    group_rows,
)
from agent.web.services import services_of

MOST_ALERTS = 100
"""Alerts of one page of the list."""
MOST_RULES = 300
MOST_ERRORS = 20
RULES_QUERY = (
    LANG,
    OFFSET,
    Parameter("state", "Only rules and alerts in this state.", STATES),
    Parameter("text", "Only what has this in its name, labels or expression.", longest=100),
)


@dataclass(frozen=True)
class RulesView:
    """What the page shows."""

    alerts: ListPage[AlertRow]
    groups: tuple[GroupRows, ...]
    rules_total: int
    """How many rules are chosen, where they are not all shown."""


async def rules_page(request: web.Request) -> web.Response:
    """The page of rules and alerts."""
    query = read(request.query, RULES_QUERY)
    services = services_of(request)
    choice = Choice(
        query["state"], query["text"].strip(), viewer_mask(request), reader_locale(request)
    )
    queries = services.queries()
    view = None
    if queries is not None:
        tickets = await services.open_tickets()
        interval = services.settings().rules.interval
        view = await asyncio.to_thread(
            _view, queries, tickets, interval, choice, int(query["offset"])
        )
    failed = None if services.reloads is None else services.reloads.failed_since
    return await page(
        request,
        "rules.html",
        view=view,
        failed=failed,
        # They name files and keys of the configuration, which viewers do not read.
        errors=failed.errors[:MOST_ERRORS] if failed and is_authorized(request) else (),
        chosen=query,
        states=STATES,
        decided_at=services.decided_at(),
        now=services.clock(),
    )


def _view(
    queries: Queries, tickets: Sequence[Ticket], interval: float, choice: Choice, offset: int
) -> RulesView:
    engine = queries.engine()
    by_rule = engine.alerts_by_rule()
    alerts = chosen_alerts((it for of_rule in by_rule.values() for it in of_rule), choice)
    groups = tuple(group_rows(engine.ruleset.groups, engine.health_of(), by_rule, interval, choice))
    shown = alert_rows(alerts[offset : offset + MOST_ALERTS], tickets, choice.locale)
    total = sum(len(group.rules) for group in groups)
    return RulesView(
        ListPage(shown, len(alerts), MOST_ALERTS, offset), tuple(_first(groups)), total
    )


def _first(groups: Sequence[GroupRows]) -> Sequence[GroupRows]:
    """The groups with the first :data:`MOST_RULES` rules."""
    rest = MOST_RULES
    shown = []
    for group in groups:
        rules = tuple(islice(group.rules, rest))
        rest -= len(rules)
        if rules:
            shown.append(
                GroupRows(group.file, group.name, group.interval, group.milliseconds, rules)
            )
    return shown


ROUTES = (
    Endpoint(
        "GET",
        "/rules",
        rules_page,
        "The rules and their alerts",
        HTML,
        query=RULES_QUERY,
        errors=(BAD_REQUEST,),
    ),
)
"""The page of this module, for the route table."""

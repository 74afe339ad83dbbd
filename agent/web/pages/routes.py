"""The part of the route table that is for people: every page, and what pages load."""

from http import HTTPStatus

from agent.web import events
from agent.web.endpoint import Endpoint
from agent.web.pages import (
    assets,
    audit,
    complaints,
    config,
    dispatch,
    home,
    inspections,
    numbers,
    privacy,
    providers,
    reports,
    rules,
    runbooks,
    sinks,
    test_calls,
    ticket,
    ticket_customers,
    tickets,
)
from agent.web.pages.accounts import page as accounts
from agent.web.pages.number.routes import NUMBER_ROUTES

PAGE_ROUTES: tuple[Endpoint, ...] = (
    *home.ROUTES,
    *numbers.ROUTES,
    *NUMBER_ROUTES,
    *accounts.ROUTES,
    *providers.ROUTES,
    *ticket.ROUTES,
    *ticket_customers.ROUTES,
    *dispatch.ROUTES,
    *rules.ROUTES,
    *sinks.ROUTES,
    *runbooks.ROUTES,
    *config.ROUTES,
    *tickets.ROUTES,
    *complaints.ROUTES,
    *reports.ROUTES,
    *audit.ROUTES,
    *inspections.ROUTES,
    *test_calls.ROUTES,
    *privacy.ROUTES,
    *assets.ROUTES,
    Endpoint(
        "GET",
        "/events",
        events.stream,
        "Notifications of changes, as server-sent events",
        "text/event-stream",
        errors=(HTTPStatus.SERVICE_UNAVAILABLE,),
        has_head=False,
    ),
)
"""Every page; a new one adds its module's ``ROUTES`` here and its entry to ``NAVIGATION``."""

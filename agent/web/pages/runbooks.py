"""The runbooks of the alerts: a list of them, and each as a page in the reader's language."""

import re
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from markupsafe import Markup

from agent.i18n import CHINESE
from agent.rules.rule import AlertingRule
from agent.rules.runbooks import read_runbook, runbook_names
from agent.web.endpoint import Endpoint
from agent.web.language import LANG
from agent.web.pages.markdown import to_html
from agent.web.pages.navigation import Links
from agent.web.pages.rendering import BAD_REQUEST, HTML, NOT_FOUND, page, reader_locale
from agent.web.parameters import read
from agent.web.responses import ApiError
from agent.web.services import WebServices, services_of

_FIRST_PARAGRAPH = re.compile(r"^## .*\n\n(.+)$", re.MULTILINE)
_FIRST_SENTENCE = re.compile(r"^.+?(?:[.:;](?= )|[。：；]|$)")


@dataclass(frozen=True)
class Runbook:
    """One runbook of the list."""

    name: str
    meaning: Markup
    """The first sentence of what the alert means."""
    severity: str
    """Empty where no loaded rule gives the alert."""
    active: int
    """How many alerts of this name are pending or firing."""


async def runbooks_page(request: web.Request) -> web.Response:
    """The list of all runbooks, those whose alert is active first."""
    read(request.query, (LANG,))
    services, locale = services_of(request), reader_locale(request)
    severities, active = _severities(services), _active(services)
    rows = [
        Runbook(name, _meaning(name, locale), severities.get(name, ""), active[name])
        for name in runbook_names()
    ]
    rows.sort(key=lambda row: (not row.active, row.name))
    return await page(request, "runbooks.html", runbooks=rows)


async def runbook_page(request: web.Request) -> web.Response:
    """An alert's runbook."""
    links = Links(read(request.query, (LANG,))["lang"])
    name, locale = request.match_info["alert"], reader_locale(request)
    try:
        text = read_runbook(name, locale)
    except LookupError:
        raise _no_runbook() from None
    folder = "runbooks/zh" if locale == CHINESE else "runbooks"
    _, _, body = text.partition("\n")
    services = services_of(request)
    return await page(
        request,
        "runbook.html",
        name=name,
        body=to_html(body, folder, links),
        severity=_severities(services).get(name, ""),
        active=_active(services)[name],
    )


def _no_runbook() -> ApiError:
    error, expected = "404 this alert has no runbook", "an alert that is listed at /runbooks"
    return ApiError(error, expected, HTTPStatus.NOT_FOUND)


def _meaning(name: str, locale: str) -> Markup:
    paragraph = _FIRST_PARAGRAPH.search(read_runbook(name, locale))
    sentence = _FIRST_SENTENCE.match(paragraph[1]) if paragraph else None
    html = to_html(sentence[0].rstrip(":;：；") if sentence else "", "runbooks", Links(""))
    return Markup(html.strip().removeprefix("<p>").removesuffix("</p>"))  # nosec B704 # ours


def _severities(services: WebServices) -> dict[str, str]:
    """The severity of every alert that a loaded rule gives."""
    queries = services.queries()
    groups = () if queries is None else queries.engine().ruleset.groups
    rules = (rule for group in groups for rule in group.rules if isinstance(rule, AlertingRule))
    return {
        rule.name: rule.labels["severity"].source for rule in rules if "severity" in rule.labels
    }


def _active(services: WebServices) -> Counter[str]:
    """How many alerts are pending or firing, by name."""
    queries = services.queries()
    return Counter(() if queries is None else (it.name for it in queries.engine().alerts()))


ROUTES = (
    Endpoint(
        "GET",
        "/runbooks",
        runbooks_page,
        "The runbooks of all alerts",
        HTML,
        query=(LANG,),
        errors=(BAD_REQUEST,),
    ),
    Endpoint(
        "GET",
        "/runbooks/{alert}",
        runbook_page,
        "An alert's runbook",
        HTML,
        query=(LANG,),
        errors=(BAD_REQUEST, NOT_FOUND),
    ),
)
"""The pages of this module, for the route table."""

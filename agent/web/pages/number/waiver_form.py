"""The forms that waive a finding about a number until a day, and that withdraw such a waiver."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from agent.i18n import Message
from agent.lints import LINTS
from agent.lints.waivers import OperatorWaiver, WaiverStore
from agent.web.authentication import recorded_actor
from agent.web.forms import read_form
from agent.web.pages.number.notices import FORM_QUERY, back_to_number
from agent.web.pages.number.page import RefusedForm, show_number
from agent.web.parameters import read
from agent.web.responses import no_number
from agent.web.services import WebServices, services_of

LONGEST_NAME = 100
LONGEST_REASON = 500
LONGEST_DAYS = 730
"""Days that a waiver may last: whoever answers for a finding looks at it again some day."""
MOST_WAIVERS = 100
"""Waivers in force at one number."""
_NO_NAME: Final = Message("Not waived: say who answers for it, in at most {count} characters.")
_NO_REASON: Final = Message("Not waived: say why, in at most {count} characters.")
_NO_DAY: Final = Message("Not waived: the last day must be a date from today to {until}.")
_NO_LINT: Final = Message("Not waived: there is no such finding about a number.")
_TOO_MANY: Final = Message("Not waived: this number has {count} waivers; withdraw some first.")
_NOT_IN_FORCE: Final = Message("Not withdrawn: this waiver is not in force any more.")


async def waive(request: web.Request) -> web.Response:
    """Waive a finding, or withdraw a waiver; a refused form is shown again with what is wrong."""
    query = read(request.query, FORM_QUERY)
    sent = {name: value.strip() for name, value in await read_form(request)}
    services = services_of(request)
    # Of a number that no account has nothing can be waived.
    number = _known_number(services, request.match_info["number"])
    if services.waivers is None:
        raise no_number()
    by = recorded_actor(request, sent.get("by", "")).strip()
    if sent.get("withdraw"):
        problem = await _withdraw(services.waivers, number, sent["withdraw"], by)
    else:
        problem = await _waive(services, services.waivers, number, sent, by)
    if problem is not None:
        refused = RefusedForm(f"waive {sent.get('lint', '')}", problem, sent)
        return await show_number(request, query["provider"], query["account"], refused=refused)
    raise back_to_number(request, query, "withdrawn" if sent.get("withdraw") else "waived")


def _known_number(services: WebServices, number: str) -> str:
    if not any(result.number_row(number) is not None for result in services.check_results()):
        raise no_number()
    return number


async def _withdraw(waivers: WaiverStore, number: str, identity: str, by: str) -> Message | None:
    if not by or len(by) > LONGEST_NAME:
        return _NO_NAME.with_values(count=LONGEST_NAME)
    is_id = identity.isascii() and identity.isdigit() and len(identity) <= len(str(2**31))
    if not is_id or not await waivers.withdraw(number, int(identity), by):
        return _NOT_IN_FORCE
    return None


async def _waive(
    services: WebServices, waivers: WaiverStore, number: str, sent: dict[str, str], by: str
) -> Message | None:
    now = services.clock()
    today = datetime.fromtimestamp(now, ZoneInfo(services.settings().timezone)).date()
    problem = _problem(sent, by, today)
    if problem is None and len(waivers.of(number)) >= MOST_WAIVERS:
        problem = _TOO_MANY.with_values(count=MOST_WAIVERS)
    if problem is None:
        waiver = OperatorWaiver(
            lint=sent["lint"],
            number=number,
            reason=sent["reason"],
            author=by,
            written_at=now,
            until=sent["until"],
        )
        await waivers.waive(waiver)
    return problem


def _problem(sent: dict[str, str], by: str, today: date) -> Message | None:
    """The first thing that is wrong with a form that waives."""
    lint = LINTS.get(sent.get("lint", ""))
    if lint is None or lint.of_account:
        return _NO_LINT
    if not by or len(by) > LONGEST_NAME:
        return _NO_NAME.with_values(count=LONGEST_NAME)
    if not 0 < len(sent.get("reason", "")) <= LONGEST_REASON:
        return _NO_REASON.with_values(count=LONGEST_REASON)
    latest = today + timedelta(days=LONGEST_DAYS)
    until = _date(sent.get("until", ""))
    if until is None or not today <= until <= latest:
        return _NO_DAY.with_values(until=latest.isoformat())
    return None


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Other forms of ISO 8601 are dates, too, but are stored and compared as this one.
    return day if day.isoformat() == text else None

"""The forms that waive a finding about a number until a day, and that withdraw such a waiver."""

from aiohttp import web

from agent.i18n import Message
from agent.web.authentication import recorded_actor
from agent.web.forms import read_form
from agent.web.pages.number.notices import FORM_QUERY, back_to_number
from agent.web.pages.number.page import RefusedForm, show_number
from agent.web.parameters import read
from agent.web.services import services_of
from agent.web.waivers import WaiverRequest, known_number, waive_lint, withdraw_waiver


async def waive(request: web.Request) -> web.Response:
    """Waive a finding, or withdraw a waiver; a refused form is shown again with what is wrong."""
    query = read(request.query, FORM_QUERY)
    sent = {name: value.strip() for name, value in await read_form(request)}
    services = services_of(request)
    # Of a number that no account has nothing can be waived.
    number = known_number(services, request.match_info["number"])
    by = recorded_actor(request, sent.get("by", "")).strip()
    problem: object
    if sent.get("withdraw"):
        problem = await withdraw_waiver(services, number, sent["withdraw"], by)
    else:
        lint, reason, until = (sent.get(name, "") for name in ("lint", "reason", "until"))
        problem = await waive_lint(services, number, WaiverRequest(lint, by, reason, until))
    if isinstance(problem, Message):
        refused = RefusedForm(f"waive {sent.get('lint', '')}", problem, sent)
        return await show_number(request, query["provider"], query["account"], refused=refused)
    raise back_to_number(request, query, "withdrawn" if sent.get("withdraw") else "waived")

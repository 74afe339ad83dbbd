"""The form that calls a number for a test; it leads to the page on which the call is followed."""

from aiohttp import web

from agent.web.forms import read_form
from agent.web.pages.navigation import Links
from agent.web.pages.number.notices import FORM_QUERY
from agent.web.pages.number.page import RefusedForm, show_number
from agent.web.parameters import read
from agent.web.probe_requests import NotCalledError, ProbeCallRequest, account_in, begin_call


async def call_now(request: web.Request) -> web.Response:
    """Begin the call and lead to its page, or say why it is not made."""
    query = read(request.query, FORM_QUERY)
    sent = dict(await read_form(request))
    number, account = request.match_info["number"], account_in(request, query)
    request_body = ProbeCallRequest(
        caller=sent.get("caller", ""),
        at_any_time="at_any_time" in sent,
        reason=sent.get("reason", "").strip(),
        keep_recording="keep_recording" in sent,
    )
    try:
        call = await begin_call(request, number, account, request_body)
    except NotCalledError as error:
        refused = RefusedForm("test_call", error.text, sent, error.status)
        return await show_number(request, query["provider"], query["account"], refused=refused)
    links = Links(query["lang"])
    raise web.HTTPSeeOther(links.address("/test-calls/{}", call.request.id, since=int(call.began)))

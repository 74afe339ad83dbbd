"""The form that shows one phone of a number in full, and the page that does."""

from aiohttp import web

from agent.web.forms import read_form
from agent.web.pages.number.notices import FORM_QUERY
from agent.web.pages.rendering import page
from agent.web.parameters import read
from agent.web.reveal import Reveal, revealed


async def reveal_phone(request: web.Request) -> web.Response:
    """Show the phone on a page of its own, which no cache and no refresh keeps.

    Its address is that of the form alone: going back to it asks for the reason again.
    """
    query = read(request.query, FORM_QUERY)
    sent = dict(await read_form(request))
    reveal = Reveal(sent.get("binding", ""), sent.get("reason", ""))
    shown = await revealed(request, reveal, query["provider"], query["account"])
    return await page(
        request,
        "number/revealed.html",
        shown=shown,
        provider=query["provider"],
        account=query["account"],
    )

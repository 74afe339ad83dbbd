"""A number's page: its state, its phones, what its configuration means, what is wrong."""

from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from agent.i18n import Message
from agent.web.authentication import actor_of
from agent.web.language import LANG
from agent.web.numbers import ACCOUNT_QUERY
from agent.web.pages.number import words
from agent.web.pages.number.content import number_content
from agent.web.pages.number.notices import DONE, NOTICES
from agent.web.pages.rendering import page
from agent.web.parameters import read
from agent.web.services import services_of

NUMBER_PAGE_QUERY = (LANG, *ACCOUNT_QUERY, DONE)


@dataclass(frozen=True)
class RefusedForm:
    """A form of the page that was sent and refused, to be shown again with what it had."""

    form: str
    """Which one: ``approve``, ``reject``, ``waive``, ``check``."""
    problem: Message
    values: dict[str, str]
    status: HTTPStatus = HTTPStatus.BAD_REQUEST


async def number_page(request: web.Request) -> web.Response:
    """A number's page."""
    query = read(request.query, NUMBER_PAGE_QUERY)
    return await show_number(request, query["provider"], query["account"], done=query["done"])


async def show_number(
    request: web.Request,
    provider: str,
    account: str,
    *,
    done: str = "",
    refused: RefusedForm | None = None,
) -> web.Response:
    """The page of the number that ``request`` names, with feedback about the form that was sent."""
    services = services_of(request)
    content = await number_content(services, request.match_info["number"], provider, account)
    return await page(
        request,
        "number.html",
        HTTPStatus.OK if refused is None else refused.status,
        content=content,
        number=content.detail,
        words=words,
        notice=NOTICES.get(done),
        refused=refused,
        actor=actor_of(request),
    )

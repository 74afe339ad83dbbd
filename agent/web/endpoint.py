"""One entry of the route table: everything the server, the guards and OpenAPI need of a path."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto, unique
from http import HTTPStatus
from typing import Any

from aiohttp import web

from agent.config.web import Role
from agent.web.parameters import Parameter
from agent.web.responses import Handler

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

Content = type | dict[str, Any] | str
"""The content of a body: a msgspec type, a JSON schema with a ``title``, or a media type."""


@unique
class Access(Enum):
    """Who may call an endpoint: the least role, or whoever proves it in another way."""

    PUBLIC = auto()
    """Anybody, also where reading needs a login."""
    VIEWER = auto()
    """Who may read: anybody where no user is configured."""
    OPERATOR = auto()
    """An operator or an administrator, such as the holder of the agent's token."""
    ADMINISTRATOR = auto()
    WEBHOOK = auto()
    """Who has the credentials of the webhook, which checks them itself."""

    @property
    def role(self) -> Role | None:
        """The least role; ``None`` where roles do not decide."""
        return Role.__members__.get(self.name)

    @property
    def needs_login(self) -> bool:
        """Whether nobody gets in without a login, whatever is configured."""
        return self in {Access.OPERATOR, Access.ADMINISTRATOR}


@dataclass(frozen=True)
class Endpoint:
    """One method of one path.

    Attributes:
        method: The HTTP method; HEAD comes with GET.
        path: The path as aiohttp writes it.
        handler: ``None`` where the composition root provides it (``WebServices.provided``).
        summary: One line for the API's description.
        response: What a good answer holds; several where it may be of several types.
        query: The query parameters.
        body: What the request holds, if anything.
        body_type: The body's media type, where ``body`` is no media type itself.
        is_body_required: Whether a request without a body is refused.
        access: The least role of who may call it.
        errors: The statuses of refusals, beside those that ``access`` implies.
        has_head: Whether HEAD is answered too; not for a stream that never ends.
    """

    method: str
    path: str
    handler: Handler | None
    summary: str
    response: Content | tuple[Content, ...]
    query: Sequence[Parameter] = ()
    body: Content | None = None
    body_type: str = "application/json"
    is_body_required: bool = True
    access: Access = Access.VIEWER
    errors: tuple[HTTPStatus, ...] = ()
    has_head: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """Method and path: what tells endpoints apart."""
        return self.method, self.path


ENDPOINTS: web.AppKey[dict[tuple[str, str], Endpoint]] = web.AppKey("endpoints", dict)


def endpoint_of(request: web.Request) -> Endpoint | None:
    """The endpoint that answers ``request``; ``None`` where no path or method matches."""
    resource = request.match_info.route.resource
    if resource is None:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    return request.app[ENDPOINTS].get((method, resource.canonical))

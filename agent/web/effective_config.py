"""``/api/config``: the configuration in effect, without secrets, and how its reloads went."""

from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from agent.config.reloads import Reload, Reloads
from agent.web.parameters import read
from agent.web.responses import ApiError, large_json_response
from agent.web.services import services_of


class ReloadView(msgspec.Struct, frozen=True):
    """One attempt to load the configuration."""

    number: int
    """0 is the start."""
    at: float
    """Epoch seconds."""
    errors: tuple[str, ...]
    """Why it failed, a line each; empty when it succeeded."""


class ValueView(msgspec.Struct, frozen=True):
    """One value of the configuration."""

    key: str
    value: Any
    """``<secret>`` stands for a secret, and for the parts of an address that may be one."""
    default: bool
    """Whether the file does not set it."""
    line: int | None
    """Its line in the file; ``null`` for a default."""
    reload: int
    """The number of the reload that brought it."""


class ConfigView(msgspec.Struct, frozen=True):
    """The configuration in effect."""

    file: str
    in_effect: ReloadView
    """The reload that brought it."""
    failed: ReloadView | None
    """The newest attempt, where it failed; what is in effect is older than that."""
    values: tuple[ValueView, ...]


async def show_config(request: web.Request) -> web.Response:
    """The configuration in effect."""
    read(request.query, ())
    return await large_json_response(config_view(reloads_of(request)))


def reloads_of(request: web.Request) -> Reloads:
    """The reloads of the agent that answers ``request``.

    Raises:
        ApiError: while the agent is still starting.
    """
    reloads = services_of(request).reloads
    if reloads is None or reloads.in_effect is None:
        error, expected = "503 no configuration is in effect yet", "an agent that has started"
        raise ApiError(error, expected, HTTPStatus.SERVICE_UNAVAILABLE)
    return reloads


def config_view(reloads: Reloads) -> ConfigView:
    """What is in effect, as the API shows it."""
    assert reloads.in_effect is not None
    return ConfigView(
        file=reloads.file,
        in_effect=_reload_view(reloads.in_effect),
        failed=_reload_view(reloads.failed_since) if reloads.failed_since else None,
        values=tuple(
            ValueView(it.key, it.value, it.is_default, it.line, it.reload)
            for it in reloads.values()
        ),
    )


def _reload_view(reload: Reload) -> ReloadView:
    return ReloadView(reload.number, reload.at, reload.errors)

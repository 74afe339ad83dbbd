"""The ``asterisk`` dialect: Asterisk's REST interface (ARI), endpoints and states of devices.

Written from its ``rest-api/api-docs`` (endpoints.json, deviceStates.json). A list of all endpoints,
and one device by its name, in which a slash is encoded.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import unquote

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, ApiResponse, Pager
from agent.simulator.dialects.pbx import (
    CREDENTIALS,
    REGISTERED,
    account_of,
    extensions,
    is_logged_in,
)
from agent.simulator.entities import Binding
from agent.states import BindingState, Capability

_ENDPOINTS = "/ari/endpoints"
_DEVICE = re.compile(r"/ari/deviceStates/([^/]+)")
_MESSAGES = {401: "Unauthorized", 404: "Resource not found", 429: "Too many requests"}


class ProviderApi:
    """The REST interface of one Asterisk; each account is a server of its own."""

    credentials: ClassVar[Mapping[str, re.Pattern[str]]] = CREDENTIALS
    reads: ClassVar[frozenset[str]] = frozenset(
        {f"GET {_ENDPOINTS}", "GET /ari/deviceStates/{device}"}
    )
    words: ClassVar[frozenset[str]] = frozenset({"state"})
    needs_inventory: ClassVar[bool] = True
    needs_extensions: ClassVar[bool] = True
    base_path: ClassVar[str] = "/ari"

    def __init__(self, _provider: str) -> None:
        """The dialect has no state."""

    def account(self, request: ApiRequest, accounts: Sequence[Account]) -> Account | None:
        """The account whose user is that of the request's Basic credentials."""
        return account_of(request, accounts)

    def capability(self, request: ApiRequest) -> str | None:
        """Numbers for the endpoints, which say that the server is there; phones for a device."""
        if request.path == _ENDPOINTS:
            return Capability.NUMBERS
        return Capability.REACHABILITY if _DEVICE.fullmatch(request.path) else None

    def operation(self, request: ApiRequest) -> str:
        """Method and path, without the name of the device."""
        path = "/ari/deviceStates/{device}" if _DEVICE.fullmatch(request.path) else request.path
        return f"{request.method} {path}"

    def refusal(self, request: ApiRequest, account: Account | None) -> ApiResponse | None:
        """An error unless the Basic credentials are valid."""
        return None if is_logged_in(request, account) else self.error(401)

    def answer(self, request: ApiRequest, account: Account, _pager: Pager) -> ApiResponse:
        """The endpoints, the state of a device, or an error."""
        if self.operation(request) not in self.reads:
            return self.error(404)
        phones = {f"PJSIP/{phone.phone}": phone for phone in extensions(account)}
        if request.path == _ENDPOINTS:
            return ApiResponse([_endpoint(phone) for phone in phones.values()])
        name = unquote(request.path.rpartition("/")[2])
        return ApiResponse({"name": name, "state": _device_state(phones.get(name))})

    def error(self, status: int) -> ApiResponse:
        """The interface's error for an HTTP status."""
        return ApiResponse({"message": _MESSAGES.get(status, "Internal error")}, status)


def _endpoint(phone: Binding) -> dict[str, Any]:
    state = "online" if phone.state in REGISTERED else "offline"
    return {"technology": "PJSIP", "resource": phone.phone, "state": state, "channel_ids": []}


def _device_state(phone: Binding | None) -> str:
    if phone is None:
        return "INVALID"
    if phone.state is BindingState.BUSY:
        return "BUSY"
    return "NOT_INUSE" if phone.state in REGISTERED else "UNAVAILABLE"

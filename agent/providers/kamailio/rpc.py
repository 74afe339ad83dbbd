"""One JSON-RPC call to Kamailio (modules ``xhttp`` and ``jsonrpcs``), and what its errors mean.

Kamailio answers every error with HTTP 500, a phone that is not registered as well as a method it
does not know; only the message tells them apart (docs/reference/provider-apis.md §4).
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from agent.net.decode import decode_json
from agent.net.exchange import Answer, Fetch, ProviderError, Request
from agent.net.scrub import scrub
from agent.states import PollFailure

_SERVER_ERROR: Final = 500
_REMEDIES: Final = {
    "method not found": "load the module that has it (usrloc, dispatcher) in kamailio.cfg",
    "domain table not found": "set the option location to the table that save() names",
    "domain not found": "set the option location to the table that save() names",
    "domain missing in aor": "usrloc has use_domain: write extensions as user@domain",
}
"""What to do about errors that a configuration causes, by the beginning of their message."""


class RpcError(Exception):
    """Kamailio answered with an error that is no failure of the configuration.

    Attributes:
        message: Its words, scrubbed.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, repr=False)
class Rpc:
    """The JSON-RPC interface of one Kamailio."""

    url: str
    fetch: Fetch
    credentials: Callable[[], Mapping[str, str]]

    async def call(self, method: str, *params: str) -> Any:
        """The result of ``method``.

        Raises:
            RpcError: when Kamailio answers with another error than those below.
            ProviderError: ``schema`` for an error that a configuration causes, with the remedy;
                else as the request failed.
        """
        body = {"jsonrpc": "2.0", "method": method, "params": list(params), "id": 1}
        answer = await self.fetch(
            Request(
                method="POST",
                url=self.url,
                headers={"Content-Type": "application/json"},
                body=json.dumps(body).encode(),
                sign=self._sign,
                accept=frozenset({_SERVER_ERROR}),
                label=method,
            )
        )
        return await _result(answer, method)

    def _sign(self, request: Request) -> Request:
        given = self.credentials()
        if not given:
            return request
        login = base64.b64encode(f"{given['user']}:{given['password']}".encode()).decode()
        return replace(request, headers={**request.headers, "Authorization": f"Basic {login}"})


async def _result(answer: Answer, method: str) -> Any:
    tree = await _decoded(answer, method)
    if not isinstance(tree, dict) or not {"result", "error"} & tree.keys():
        text = f"{method}: is no JSON-RPC answer; base_url must lead to jsonrpc_dispatch()"
        raise ProviderError(PollFailure.SCHEMA, text)
    if "error" not in tree:
        return tree["result"]
    error = tree["error"]
    message = scrub(str(error.get("message") if isinstance(error, dict) else error))
    for beginning, remedy in _REMEDIES.items():
        if message.lower().startswith(beginning):
            text = f"{method}: configuration error: Kamailio says {message}; {remedy}"
            raise ProviderError(PollFailure.SCHEMA, text)
    raise RpcError(message)


async def _decoded(answer: Answer, method: str) -> Any:
    try:
        return await decode_json(answer, method)
    except ProviderError:
        if answer.status == _SERVER_ERROR:
            raise ProviderError(PollFailure.HTTP_5XX, f"{method}: HTTP 500") from None
        raise

"""The client interface of the commands, and the client of a running agent's HTTP API."""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote

import aiohttp

from agent.cli.language import locale
from agent.cli.local_agent import local_token, local_trust
from agent.cli.runner import CommandError
from agent.reports.request import ReportRequest
from agent.tickets.actions.request import ActionRequest

DEFAULT_URL = "http://127.0.0.1:10400"
TOKEN_VARIABLE = "NUMWATCH_TOKEN"  # nosec B105 # the variable's name
CA_VARIABLE = "NUMWATCH_CA_FILE"
"""Names a PEM file of the authorities to trust instead of the system's."""
CERTIFICATE_VARIABLE = "NUMWATCH_CLIENT_CERT_FILE"
"""Names a PEM file with a client's certificate and its key."""
_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)
_DOWNLOAD_TIMEOUT = aiohttp.ClientTimeout(total=120, connect=5)
_STREAM_TIMEOUT = aiohttp.ClientTimeout(total=900, connect=5)
_QUERY_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=5)
_HINT = "say where one does with --url, or use the ledger of a stopped one with --config"

Document = dict[str, Any]


class UnreachableError(CommandError):
    """No agent answers."""


@dataclass(frozen=True)
class NumberKey:
    """A number, and the account that has it where several do."""

    number: str
    provider: str = ""
    account: str = ""

    @classmethod
    def parse(cls, number: str, account: str) -> Self:
        """The key of ``number`` at ``account`` (``provider/account``; empty: at any)."""
        provider, _, name = account.partition("/")
        return cls(number, provider, name)

    @property
    def query(self) -> dict[str, str]:
        """The account as query parameters of the API."""
        account = {"provider": self.provider, "account": self.account}
        return {name: value for name, value in account.items() if value}


class Client(Protocol):
    """Reads and changes tickets and baselines, which are JSON documents of the API.

    Methods about one ticket or number return ``None`` when there is none.
    """

    async def tickets(self, limit: int, *, is_open: bool | None) -> list[Document]:
        """Return the newest tickets: the open ones, the closed ones, or (``None``) all."""
        ...

    async def ticket(self, id_or_key: str) -> Document | None:
        """Return one ticket."""
        ...

    async def act(self, ticket: str, request: ActionRequest) -> Document | None:
        """Act on a ticket and return it as it is then."""
        ...

    async def evidence(self, ticket: str) -> bytes | None:
        """Return a ticket's evidence bundle, a ZIP archive."""
        ...

    async def report(self, request: ReportRequest) -> bytes | None:
        """Return a report; ``None`` from an agent that has none."""
        ...

    async def replay(self, ticket: str | None) -> int:
        """Queue the dead letters of one ticket or of all again; returns how many."""
        ...

    async def baseline(self, number: NumberKey) -> Document | None:
        """Return a number's approved configuration and what differs from it."""
        ...

    async def approve(self, number: NumberKey, by: str, note: str) -> Document | None:
        """Approve a number's configuration as it is now; returns the approved version."""
        ...


class ApiClient:
    """A running agent, over its HTTP API.

    Args:
        url: Where it listens.
        token: Its ``web.token``; where empty, that of an agent on this machine is looked up once
            it is asked for.
        hint: What to do when no agent answers there.
        trust: The TLS context; by default that of the environment and, for an agent on this
            machine, one that trusts the certificate it serves with.
    """

    def __init__(
        self,
        url: str,
        token: str = "",  # nosec B107 # none
        hint: str = _HINT,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._url = self.url = url.rstrip("/")
        self._trust = trust
        self._hint = hint
        self._token = token
        self._trusts_local = False
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)

    @classmethod
    def at(cls, url: str | None, hint: str = _HINT) -> Self:
        """The agent at ``url``, by default on this machine, with the token of the environment."""
        trust = trust_of_environment()
        return cls(url or DEFAULT_URL, os.environ.get(TOKEN_VARIABLE, ""), hint, trust)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def tickets(self, limit: int, *, is_open: bool | None) -> list[Document]:
        """See :class:`Client`."""
        query = {"limit": str(limit)}
        if is_open is not None:
            query["open"] = str(is_open).lower()
        page = await self._json("GET", "/api/tickets", params=query)
        return [] if page is None else list(page["items"])

    async def ticket(self, id_or_key: str) -> Document | None:
        """See :class:`Client`."""
        return await self._json("GET", f"/api/tickets/{_quoted(id_or_key)}")

    async def act(self, ticket: str, request: ActionRequest) -> Document | None:
        """See :class:`Client`."""
        body = {
            "action": request.action.value,
            "actor": request.actor.name,
            "reason": request.reason,
            "fields": dict(request.fields),
        }
        return await self._json("POST", f"/api/tickets/{_quoted(ticket)}/actions", json=body)

    async def evidence(self, ticket: str) -> bytes | None:
        """See :class:`Client`."""
        path = f"/api/tickets/{_quoted(ticket)}/evidence.zip"
        return await self._found("GET", path, timeout=_DOWNLOAD_TIMEOUT)

    async def report(self, request: ReportRequest) -> bytes | None:
        """See :class:`Client`."""
        return await self._found(
            "GET",
            f"/api/reports/{request.kind.value}",
            params=request.query,
            timeout=_DOWNLOAD_TIMEOUT,
        )

    async def replay(self, ticket: str | None) -> int:
        """See :class:`Client`."""
        query = {} if ticket is None else {"ticket": ticket}
        replayed = await self._json("POST", "/api/tickets/replay", params=query)
        return 0 if replayed is None else int(replayed["replayed"])

    async def baseline(self, number: NumberKey) -> Document | None:
        """See :class:`Client`."""
        path = f"/api/numbers/{_quoted(number.number)}/baseline"
        return await self._json("GET", path, params=number.query)

    async def approve(self, number: NumberKey, by: str, note: str) -> Document | None:
        """See :class:`Client`."""
        path = f"/api/numbers/{_quoted(number.number)}/baseline"
        body = {"by": by, "note": note}
        return await self._json("POST", path, params=number.query, json=body)

    async def ask(self, path: str, body: Document) -> Document:
        """What the agent answers to a POST of ``body``.

        Raises:
            CommandError: when it refuses, or has no such path.
        """
        document = await self._json("POST", path, json=body, timeout=_DOWNLOAD_TIMEOUT)
        if document is None:
            raise CommandError(f"{self._url}{path} answered HTTP 404")
        return document

    async def lines(self, path: str, body: Document) -> AsyncIterator[Document]:
        """The JSON documents that the agent streams; that of a refusal is the only one.

        Raises:
            UnreachableError: when no agent answers, or not to the end.
        """
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with self._session.post(
                self._url + path,
                json=body,
                headers=headers,
                ssl=self._trust or True,
                timeout=_STREAM_TIMEOUT,
            ) as response:
                async for line in response.content:
                    yield self._decoded(line)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(str(error) or type(error).__name__) from error

    async def show(self, path: str) -> Document | None:
        """The document at ``path``; ``None`` where there is none."""
        return await self._json("GET", path)

    async def download(self, path: str) -> bytes | None:
        """A file of the agent; ``None`` where there is none."""
        return await self._found("GET", path, timeout=_DOWNLOAD_TIMEOUT)

    async def items(self, path: str, **query: str) -> list[Document]:
        """The items of one of the API's lists."""
        page = await self._json("GET", path, params=query)
        return [] if page is None else list(page["items"])

    async def query(self, expression: str) -> Document:
        """Evaluate a PromQL expression; returns Prometheus' envelope, that of an error too.

        Raises:
            UnreachableError: when what answers is not Prometheus' API.
        """
        _, content = await self._send(
            "POST", "/api/v1/query", data={"query": expression}, timeout=_QUERY_TIMEOUT
        )
        answer = self._decoded(content)
        if answer.get("status") not in ("success", "error"):
            raise self._unreachable("its answer is not one of Prometheus' API")
        return answer

    async def _json(self, method: str, path: str, **request: Any) -> Document | None:
        content = await self._found(method, path, **request)
        return None if content is None else self._decoded(content)

    async def _found(self, method: str, path: str, **request: Any) -> bytes | None:
        """The body of a good answer; ``None`` for a 404."""
        status, content = await self._send(method, path, **request)
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status >= HTTPStatus.BAD_REQUEST:
            raise CommandError(self._refusal(path, status, content))
        return content

    async def _send(self, method: str, path: str, **request: Any) -> tuple[int, bytes]:
        status, content = await self._attempt(method, path, **request)
        if status == HTTPStatus.UNAUTHORIZED and not self._token:
            self._token = await asyncio.to_thread(local_token, self._url)
            if self._token:
                return await self._attempt(method, path, **request)
        return status, content

    async def _attempt(self, method: str, path: str, **request: Any) -> tuple[int, bytes]:
        try:
            return await self._request(method, path, **request)
        except (aiohttp.ClientError, TimeoutError) as error:
            # A server of TLS does nothing with what it is sent in clear, and a client sends
            # nothing to a server whose certificate it does not trust: sending it again is safe.
            if not isinstance(error, aiohttp.ClientError) or not await self._trust_local_agent():
                raise self._unreachable(str(error) or type(error).__name__) from error
        try:
            return await self._request(method, path, **request)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(str(error) or type(error).__name__) from error

    async def _request(self, method: str, path: str, **request: Any) -> tuple[int, bytes]:
        headers = {"Accept-Language": locale()}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        async with self._session.request(
            method, self._url + path, headers=headers, ssl=self._trust or True, **request
        ) as response:
            return response.status, await response.read()

    async def _trust_local_agent(self) -> bool:
        """Go over to TLS where the agent is one of this machine; whether that was done now."""
        if self._trusts_local:
            return False
        self._trusts_local = True
        trust = await asyncio.to_thread(local_trust, self._url)
        if trust is None:
            return False
        _add_client_certificate(trust)
        self._trust, self._url = trust, f"https://{self._url.partition('://')[2]}"
        return True

    def _decoded(self, content: bytes) -> Document:
        try:
            document = json.loads(content)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise self._unreachable("its answer is not a JSON object")
        return document

    def _refusal(self, path: str, status: int, content: bytes) -> str:
        try:
            document = json.loads(content)
            text = f"{document['error']}; expected {document['expected']}"
        except (ValueError, TypeError, LookupError):
            text = f"{self._url}{path} answered HTTP {status}"
        return f"{text}; set {TOKEN_VARIABLE}" if status == HTTPStatus.UNAUTHORIZED else text

    def _unreachable(self, reason: str) -> UnreachableError:
        return UnreachableError(f"no agent answers at {self._url} ({reason}); {self._hint}")


def trust_of_environment() -> ssl.SSLContext | None:
    """The TLS context that variables of the environment ask for; ``None`` without any.

    Raises:
        CommandError: when a file that they name cannot be used.
    """
    authorities = os.environ.get(CA_VARIABLE)
    if not authorities and not os.environ.get(CERTIFICATE_VARIABLE):
        return None
    try:
        context = ssl.create_default_context(cafile=authorities or None)
    except OSError as error:
        text = f"{CA_VARIABLE}: {authorities} cannot be read; expected a PEM file"
        raise CommandError(text) from error
    _add_client_certificate(context)
    return context


def _add_client_certificate(context: ssl.SSLContext) -> None:
    name = os.environ.get(CERTIFICATE_VARIABLE)
    if not name:
        return
    try:
        context.load_cert_chain(name)
    except OSError as error:
        text = f"{CERTIFICATE_VARIABLE}: {name} is no PEM file with a certificate and its key"
        raise CommandError(text) from error


def _quoted(segment: str) -> str:
    return quote(segment, safe="")

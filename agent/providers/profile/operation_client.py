"""One operation of a profile, ready to be asked: the request it makes, the tree it gets."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.net.decode import THREAD_FROM, decode_json
from agent.net.exchange import Answer, Fetch, Request
from agent.net.urls import encode
from agent.providers.profile.envelope import NotFoundError, check_envelope
from agent.providers.profile.json_path import path_of
from agent.providers.profile.page_shape import Shape
from agent.providers.profile.schema import Operation, Profile
from agent.providers.profile.template import Template
from agent.providers.signing.signers import Sign, Values
from agent.states import PollFailure

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Caller:
    """What every request of one account has in common."""

    profile: Profile
    base_url: str
    fetch: Fetch
    sign: Sign | None
    reveal: Callable[[], Values]
    """The account's credentials and the profile's options by name."""

    def redact(self, text: str) -> str:
        """``text`` without any credential of the account."""
        for value in self.reveal().values():
            if len(value) >= _SHORTEST_SECRET:
                text = text.replace(value, "<secret>")
        return text


_UTF8 = frozenset({None, "utf-8", "UTF-8"})

_SHORTEST_SECRET = 4
"""Shorter ones are words of their own and would tear holes into any text."""


class OperationClient:
    """Asks one operation; see :class:`~agent.providers.profile.schema.Operation`."""

    def __init__(self, caller: Caller, operation: Operation) -> None:
        self._caller = caller
        self._operation = operation
        self._envelope = operation.envelope or caller.profile.envelope
        self._path = Template(operation.path)
        self._query = [(name, Template(text)) for name, text in operation.query.items()]
        self._body = (
            None
            if operation.body is None
            else {name: Template(text) for name, text in operation.body.items()}
        )
        self._headers = {
            **caller.profile.headers,
            **({} if self._body is None else {"Content-Type": "application/json"}),
        }
        templates = [self._path, *(it for _, it in self._query), *(self._body or {}).values()]
        self.names = frozenset[str]().union(*(template.names for template in templates))
        """Every name the operation's templates use."""
        self._records = path_of(operation.records)
        self._is_listing = operation.paging.kind != "none"
        self._shape: Shape | None = None
        self.label = f"{operation.method} {operation.path}"

    async def ask(
        self, values: Mapping[str, str], extra: Params = (), url: str | None = None
    ) -> Answer:
        """The answer, not looked into yet.

        ``extra`` is what paging adds to the query; ``url`` replaces the whole address, query
        included (a next link).

        Raises:
            NotFoundError: when the provider does not know what was asked for.
            ProviderError: for every other failure.
        """
        answer = await self._caller.fetch(self._request(values, extra, url))
        if answer.status in self._operation.not_found_status:
            raise NotFoundError(PollFailure.HTTP_4XX, f"{self.label}: HTTP {answer.status}")
        return answer

    async def read(self, answer: Answer) -> Any:
        """The decoded answer, its envelope checked.

        Raises:
            NotFoundError: when the provider does not know what was asked for.
            ProviderError: when it is not JSON, or an error after all.
        """
        tree = await self._decoded(answer)
        if self._envelope is not None:
            check_envelope(self._envelope, tree, self.label, self._caller.redact)
        return tree

    async def _decoded(self, answer: Answer) -> Any:
        """The tree of ``answer``, by the shape of the pages before it where it has that shape."""
        is_plain = answer.charset in _UTF8 and len(answer.body) <= THREAD_FROM
        if self._shape is not None and is_plain:
            tree = self._shape.read(answer.body)
            if tree is not None:
                return tree
        tree = await decode_json(answer, self.label)
        if self._is_listing and is_plain:
            self._shape = Shape.of(tree, self._records)
        return tree

    def _request(self, values: Mapping[str, str], extra: Params, url: str | None) -> Request:
        names = {**self._caller.reveal(), **values}
        return Request(
            method=self._operation.method,
            url=url or self._caller.base_url + self._path.fill(names, encode),
            params=() if url else self._params(names) + (() if self._body is not None else extra),
            headers=self._headers,
            body=self._filled_body(names, extra),
            sign=self._caller.sign,
            accept=frozenset(self._operation.not_found_status),
            label=self.label,
        )

    def _params(self, names: Mapping[str, str]) -> Params:
        return tuple([(name, template.fill(names)) for name, template in self._query])

    def _filled_body(self, names: Mapping[str, str], extra: Params) -> bytes:
        if self._body is None:
            return b""
        filled = {name: template.fill(names) for name, template in self._body.items()}
        return json.dumps({**filled, **dict(extra)}, ensure_ascii=False).encode()

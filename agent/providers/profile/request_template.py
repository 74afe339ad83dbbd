"""The request that a section of a profile describes, with its templates parsed once."""

from collections.abc import Mapping
from typing import Any, Protocol

from agent.net.exchange import ProviderError, Request
from agent.net.urls import encode
from agent.providers.profile.body_template import BodyTemplate, is_left_out, with_member
from agent.providers.profile.json_path import path_of
from agent.providers.profile.template import Template
from agent.providers.signing.request_parts import FORM_TYPE, JSON_TYPE, form_text, json_bytes
from agent.states import PollFailure

Params = tuple[tuple[str, str], ...]
Extra = tuple[tuple[str, str | int], ...]
"""Further parameters or members of the body; whole numbers are numbers in a JSON body."""

_Named = tuple[tuple[str, Template], ...]


class RequestSection(Protocol):
    """The keys by which an operation or a login says what is sent."""

    @property
    def path(self) -> str:
        """The path below the base URL."""

    @property
    def method(self) -> str:
        """``GET`` or ``POST``."""

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the query."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""

    @property
    def body(self) -> Any:
        """The tree of a JSON body; ``None`` without one."""

    @property
    def form(self) -> Mapping[str, str] | None:
        """The fields of a form."""


class RequestTemplate:
    """Fills the templates of ``section``; ``headers`` are sent unless it has others."""

    def __init__(self, section: RequestSection, headers: Mapping[str, str]) -> None:
        self._method = section.method
        self.label = f"{section.method} {section.path}"
        """Names the request in errors; holds no values."""
        self._path = Template(section.path)
        self._query = _parsed(section.query)
        self._form = None if section.form is None else _parsed(section.form)
        self._body = None if section.body is None else BodyTemplate(section.body)
        self._headers = _parsed(_joined(_content_type(section), headers, section.headers))
        named = (*self._query, *(self._form or ()), *self._headers)
        self.names = self._path.names.union(*(template.names for _, template in named))
        """Every name that the templates use."""
        if self._body is not None:
            self.names |= self._body.names

    def fill(
        self, base_url: str, names: Mapping[str, str], extra: Extra = (), url: str | None = None
    ) -> Request:
        """The request, unsigned.

        Args:
            base_url: What the path is below.
            names: The values of the names.
            extra: Further parameters, for the query, or for the body where there is one; in a
                JSON body their names are dotted paths.
            url: Replaces the whole URL, query included (a next link).

        Raises:
            ProviderError: ``auth`` when a filter cannot take a credential.
        """
        try:
            return self._filled(base_url, names, extra, url)
        except ValueError as error:
            text = f"{self.label}: cannot be filled in: {error}"
            raise ProviderError(PollFailure.AUTH, text) from None

    def _filled(
        self, base_url: str, names: Mapping[str, str], extra: Extra, url: str | None
    ) -> Request:
        has_body = self._form is not None or self._body is not None
        to_query = () if has_body else _texts(extra)
        return Request(
            method=self._method,
            url=url or base_url + self._path.fill(names, encode),
            params=() if url else _filled(self._query, names) + to_query,
            headers=dict(_filled(self._headers, names)),
            body=self._content(names, extra),
            label=self.label,
        )

    def _content(self, names: Mapping[str, str], extra: Extra) -> bytes:
        if self._form is not None:
            return form_text((*_filled(self._form, names), *_texts(extra))).encode()
        if self._body is None:
            return b""
        tree = self._body.fill(names)
        for name, value in extra:
            tree = with_member(tree, path_of(name), value)
        return json_bytes(tree)


def _content_type(section: RequestSection) -> str:
    if section.form is not None:
        return FORM_TYPE
    return "" if section.body is None else JSON_TYPE


def _joined(content_type: str, *headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, the last of those with one name, in whatever case it is written."""
    joined = {"content-type": ("Content-Type", content_type)} if content_type else {}
    for part in headers:
        joined.update({name.lower(): (name, text) for name, text in part.items()})
    return dict(joined.values())


def _parsed(texts: Mapping[str, str]) -> _Named:
    return tuple((name, Template(text)) for name, text in texts.items())


def _filled(named: _Named, names: Mapping[str, str]) -> Params:
    return tuple(
        [
            (name, template.fill(names))
            for name, template in named
            if not is_left_out(template, names)
        ]
    )


def _texts(extra: Extra) -> Params:
    return tuple([(name, str(value)) for name, value in extra])

"""Sends the requests of one operation of a profile and decodes the answers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from agent.net.decode import check_count, decode_json
from agent.net.exchange import Answer, Fetch, RateLimit
from agent.net.reading import INLINE_BYTES, read_in_thread
from agent.net.scrub import SECRET_PLACEHOLDER
from agent.providers.profile.envelope import check_envelope
from agent.providers.profile.error_bodies import error_reader, throttle_reader
from agent.providers.profile.keys_in_use import keys_in_use
from agent.providers.profile.page_place import PagePlace, Position
from agent.providers.profile.page_shape import PageShape
from agent.providers.profile.record_lists import RecordFinder
from agent.providers.profile.request_template import RequestTemplate
from agent.providers.profile.schema import Operation, Profile
from agent.providers.profile.template import Template
from agent.providers.signing.moments import Values
from agent.providers.signing.section import Signing
from agent.providers.signing.signers import Sign

_UTF8 = frozenset({None, "utf-8", "UTF-8"})

_LARGEST_SHAPED = 1024 * 1024
"""Bytes; a larger page is decoded strictly, and its shape is not looked for."""

_SHORTEST_SECRET = 4
"""Characters; replacing a shorter one would garble ordinary words that contain it."""


@dataclass(frozen=True)
class ApiAccount:
    """One account at one API: what all its requests have in common."""

    profile: Profile
    base_url: str
    fetch: Fetch
    signer: Callable[[Signing], Sign | None]
    """Makes the function that signs as a section says."""
    reveal: Callable[[], Values]
    """Returns the account's credentials and the profile's options by name."""
    tokens: Callable[[], Iterable[str]] = tuple
    """Returns the tokens that logins have got; as secret as the credentials."""

    @property
    def rate_limits(self) -> tuple[RateLimit, ...]:
        """The provider's limit for all requests, where it has one."""
        section = self.profile.rate_limit
        return () if section is None else (section.limit(""),)

    def redact(self, text: str) -> str:
        """``text`` without any credential, option or token of the account."""
        for value in (*self.tokens(), *self.reveal().values()):
            if len(value) >= _SHORTEST_SECRET:
                text = text.replace(value, SECRET_PLACEHOLDER)
        return text


class OperationClient:
    """The requests of one :class:`~agent.providers.profile.schema.Operation`."""

    def __init__(self, api: ApiAccount, operation: Operation, scope: str = "") -> None:
        """``scope`` names what the operation's own rate limit counts."""
        self._api = api
        self._operation = operation
        self._envelope = operation.envelope or api.profile.envelope
        self._template = RequestTemplate(operation, api.profile.headers)
        self.base_url = api.base_url
        if operation.base_url is not None:
            self.base_url = Template(operation.base_url).fill(api.reveal()).rstrip("/")
        own = operation.rate_limit
        self._rate_limits = (*api.rate_limits, *([own.limit(scope)] if own else []))
        self._place = PagePlace(operation.paging, self._template.names)
        self._sign = api.signer(api.profile.signing.overlaid(operation.signing))
        self.names = self._template.names
        """Every name the operation's templates use."""
        finder = RecordFinder(operation)
        self._records = finder.plain_path or ()
        self._has_shape = operation.paging.kind != "none" and not finder.nests
        self._shape: PageShape | None = None
        self.label = _action_of(operation) or self._template.label
        """Names the operation in errors: by its action where its signature has one."""
        self._read_error = error_reader(
            self._envelope, api.redact, frozenset(operation.not_found_status)
        )
        self._read_success = throttle_reader(self._envelope, api.redact)
        self._mapped = keys_in_use(operation, self._envelope)

    async def send(
        self, values: Mapping[str, str], position: Position = (), url: str | None = None
    ) -> Answer:
        """Send the request and return the undecoded answer.

        Args:
            values: Fill the templates, beside credentials and options.
            position: Which page of a listing.
            url: Replaces the whole URL, query included (a next link).

        Raises:
            NotFoundError: when the provider does not know the number.
            ProviderError: for every other failure.
        """
        names = {**self._api.reveal(), **values, **self._place.names(position)}
        extra = self._place.additions(position)
        request = replace(
            self._template.fill(self.base_url, names, extra, url),
            sign=self._sign,
            read_error=self._read_error,
            read_success=self._read_success,
            mapped=self._mapped,
            label=self.label,
            rate_limits=self._rate_limits,
        )
        return await self._api.fetch(request)

    async def decode(self, answer: Answer) -> Any:
        """The decoded body of ``answer``, after its envelope was checked.

        Raises:
            NotFoundError: when the provider does not know the number.
            ProviderError: when the body is not JSON, or reports an error.
        """
        tree = await self._decode(answer)
        if self._envelope is not None:
            check_envelope(self._envelope, tree, self.label, self._api.redact)
        return tree

    async def _decode(self, answer: Answer) -> Any:
        """Decode strictly, or faster and with the same result by the shape of an earlier page."""
        size = len(answer.body)
        is_plain = answer.charset in _UTF8 and size <= _LARGEST_SHAPED
        if self._shape is not None and is_plain:
            if size > INLINE_BYTES:
                check_count(answer.body, self.label)
                tree = await read_in_thread(self._shape.decode, answer.body)
            else:
                tree = self._shape.decode(answer.body)
            if tree is not None:
                return tree
        tree = await decode_json(answer, self.label)
        if self._has_shape and is_plain:
            if size > INLINE_BYTES:
                self._shape = await read_in_thread(PageShape.of, tree, self._records)
            else:
                self._shape = PageShape.of(tree, self._records)
        return tree


def _action_of(operation: Operation) -> str:
    return (operation.signing.action if operation.signing else None) or ""

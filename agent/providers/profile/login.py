"""Sends the login that a profile describes and reads the token in its answer."""

from collections.abc import Callable
from dataclasses import replace as with_changes
from typing import Any, Final

from msgspec.structs import replace

from agent.net.decode import decode_body, decode_json
from agent.net.exchange import Answer, ProviderError
from agent.net.timestamps import epoch_parser, iso_parser, parse_offset
from agent.providers.profile.envelope import check_envelope
from agent.providers.profile.error_bodies import error_reader
from agent.providers.profile.json_path import MISSING, follow, path_of
from agent.providers.profile.operation_client import ApiAccount
from agent.providers.profile.request_template import RequestTemplate
from agent.providers.profile.schema import Envelope, Login
from agent.providers.profile.template import Template
from agent.providers.signing.moments import Values
from agent.providers.signing.section import Signing
from agent.providers.signing.signers import Sign, make_signer
from agent.providers.signing.token_login import Token, TokenLogin
from agent.states import PollFailure

_REFUSED: Final = frozenset(
    {PollFailure.HTTP_4XX, PollFailure.API_ERROR, PollFailure.SCHEMA, PollFailure.AUTH}
)
"""Failures of a login that mean that it was refused; after any other it may succeed later."""

_LONGEST_TOKEN: Final = 16 * 1024
_SHORTEST_LIFETIME: Final = 1.0
_LONGEST_LIFETIME: Final = 366 * 86_400.0
_MOMENTS: Final = (epoch_parser(1), epoch_parser(0.001), iso_parser(parse_offset(None)))
"""Parsers of a moment. A count of milliseconds is none of seconds: beyond the year 9999."""
_LARGEST_ERROR: Final = 64 * 1024
"""Bytes; an answer that only reports an error is smaller."""
_REFUSED_STATUS: Final = frozenset({401, 403})


def with_login(
    api: ApiAccount, login: Login, on_token: Callable[[str], None], clock: Callable[[], float]
) -> ApiAccount:
    """``api`` with every request signed with a token of ``login``.

    Args:
        api: The account, whose requests are sent without a token.
        login: How a token is got.
        on_token: Called with every new token.
        clock: Epoch seconds.
    """
    client = LoginClient(api, login, clock)
    tokens = TokenLogin(client.request_token, refusal_of(api.profile.envelope), on_token)

    def reveal() -> Values:
        return {**api.reveal(), "token": tokens.text}

    def signer(signing: Signing) -> Sign | None:
        sign = make_signer(signing, reveal, clock)
        return sign or make_signer(Signing(bearer="{token}"), reveal, clock)

    return with_changes(api, fetch=tokens.wrap(api.fetch), signer=signer, tokens=tokens.texts)


class LoginClient:
    """Requests tokens for one account; ``clock`` returns epoch seconds."""

    def __init__(self, api: ApiAccount, login: Login, clock: Callable[[], float]) -> None:
        self._api = api
        self._login = login
        self._clock = clock
        self._envelope = login.envelope or _lenient(api.profile.envelope)
        self._template = RequestTemplate(login, {})
        self._sign = api.signer(login.signing)
        self._label = f"login: {self._template.label}"
        self._read_error = error_reader(self._envelope, api.redact)

    async def request_token(self) -> Token:
        """Log in.

        Raises:
            ProviderError: ``auth`` when the provider refused it or sent no token; else the
                failure of the request.
        """
        try:
            return await self._request_token()
        except ProviderError as error:
            kind = PollFailure.AUTH if error.kind in _REFUSED else error.kind
            detail = self._api.redact(error.detail)
            # The cause is dropped with the answer, which may hold a token, in its frames.
            raise ProviderError(kind, detail, error.retry_after) from None

    async def _request_token(self) -> Token:
        names = self._api.reveal()
        base_url = Template(self._login.base_url or self._api.base_url).fill(names).rstrip("/")
        request = replace(
            self._template.fill(base_url, names),
            sign=self._sign,
            read_error=self._read_error,
            rate_limits=self._api.rate_limits,
            label=self._label,
            is_login=True,
        )
        answer = await self._api.fetch(request)
        tree = await self._tree(answer)
        text = self._text(answer, tree)
        return Token(text, self._lifetime(tree))

    async def _tree(self, answer: Answer) -> Any:
        login = self._login
        if login.token_header and not (login.expires_in or login.expires_at or login.envelope):
            return {}
        tree = await decode_json(answer, self._label)
        if self._envelope is not None:
            check_envelope(self._envelope, tree, self._label, self._api.redact)
        return tree

    def _text(self, answer: Answer, tree: Any) -> str:
        login = self._login
        if login.token_header:
            text: Any = answer.headers.get(login.token_header)
            where = f"header {login.token_header}"
        else:
            text = follow(tree, path_of(login.token or ""))
            where = login.token or ""
        if not isinstance(text, str) or not text:
            raise ProviderError(PollFailure.SCHEMA, f"{self._label}: no token at {where}")
        if len(text) > _LONGEST_TOKEN or not text.isascii() or not text.isprintable():
            raise ProviderError(
                PollFailure.SCHEMA, f"{self._label}: the token at {where} is no printable text"
            )
        return text

    def _lifetime(self, tree: Any) -> float:
        """The token's lifetime; the profile's where the answer has none that can be read."""
        seconds: float = self._login.lifetime
        try:
            if self._login.expires_in:
                seconds = _seconds(follow(tree, path_of(self._login.expires_in)))
            elif self._login.expires_at:
                moment = _moment(follow(tree, path_of(self._login.expires_at)))
                seconds = moment - self._clock()
        except ValueError:
            pass
        return min(max(seconds, _SHORTEST_LIFETIME), _LONGEST_LIFETIME)


def refusal_of(envelope: Envelope | None) -> Callable[[Answer], bool]:
    """A function that says whether an answer reports, by status or code, a refused token."""
    reports_auth = envelope is not None and "auth" in envelope.errors.values()

    def is_refusal(answer: Answer) -> bool:
        if answer.status in _REFUSED_STATUS:
            return True
        if envelope is None or not reports_auth or len(answer.body) > _LARGEST_ERROR:
            return False
        try:
            check_envelope(envelope, decode_body(answer.body, answer.charset), "")
        except ProviderError as error:
            return error.kind is PollFailure.AUTH
        return False

    return is_refusal


def _lenient(envelope: Envelope | None) -> Envelope | None:
    """The profile's envelope for a login, whose answer need not have a code at all."""
    return envelope and envelope.model_copy(update={"absent_is_ok": True})


def _seconds(value: Any) -> float:
    return epoch_parser(1)(_known(value))


def _moment(value: Any) -> float:
    for parse in _MOMENTS:
        try:
            return parse(_known(value))
        except ValueError:
            continue
    raise ValueError("not a moment")


def _known(value: Any) -> Any:
    if value is MISSING:
        raise ValueError("no value")
    return value

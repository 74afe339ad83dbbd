"""Recognizes answers that report an error with HTTP 200."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from agent.net.exchange import ProviderError
from agent.net.scrub import scrub
from agent.providers.profile.json_path import MISSING, follow, path_of, scalar_text
from agent.providers.profile.schema import Envelope
from agent.states import PollFailure

_KINDS: Final[Mapping[str, PollFailure]] = {
    "auth": PollFailure.AUTH,
    "throttle": PollFailure.RATE_LIMITED,
    "not_found": PollFailure.API_ERROR,
    "fatal": PollFailure.API_ERROR,
}
_CODE_LENGTH: Final = 40
_MESSAGE_LENGTH: Final = 120


class NotFoundError(ProviderError):
    """The provider does not know the requested number."""


def check_envelope(
    envelope: Envelope, tree: Any, label: str, redact: Callable[[str], str] = str
) -> None:
    """Return when ``tree`` reports success.

    ``redact`` removes credentials from the provider's message before it is repeated.

    Raises:
        NotFoundError: when its code means that the number does not exist.
        ProviderError: by its code, ``api_error`` where the profile does not list it; ``schema``
            when it has no code.
    """
    code = follow(tree, path_of(envelope.code))
    if code is MISSING or code is None:
        if envelope.absent_is_ok and isinstance(tree, dict):
            return
        raise ProviderError(PollFailure.SCHEMA, f"{label}: no code at {envelope.code}")
    if isinstance(code, dict | list):
        raise ProviderError(PollFailure.SCHEMA, f"{label}: the code is not a word")
    text = scalar_text(code)
    if text in envelope.ok:
        return
    meaning = envelope.errors.get(text, "fatal")
    failure = NotFoundError if meaning == "not_found" else ProviderError
    shown = f"code {scrub(text, _CODE_LENGTH)} {_message(envelope, tree)}".strip()
    raise failure(_KINDS[meaning], f"{label}: {redact(shown)}")


def _message(envelope: Envelope, tree: Any) -> str:
    message = follow(tree, path_of(envelope.message)) if envelope.message else MISSING
    return scrub(message, _MESSAGE_LENGTH) if isinstance(message, str) else ""

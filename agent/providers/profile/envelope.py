"""Recognizes answers that report an error, by their code or message."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from agent.masking import mask_text
from agent.net.exchange import ProviderError
from agent.net.scrub import scrub
from agent.providers.profile.json_path import MISSING, follow, path_of, scalar_text
from agent.providers.profile.patterns import searcher
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
_SEARCHED: Final = 4096
"""Characters of a message that are looked at."""


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
    text = _code(envelope, tree)
    if text in envelope.ok:
        return
    meaning = meaning_of(envelope, tree)
    if text is None and not meaning:
        if envelope.absent_is_ok and isinstance(tree, dict):
            return
        raise ProviderError(PollFailure.SCHEMA, f"{label}: no code at {envelope.code}")
    failure = NotFoundError if meaning == "not_found" else ProviderError
    shown = redact(shown_error(envelope, tree))
    raise failure(_KINDS[meaning or "fatal"], f"{label}: {shown}")


def meaning_of(envelope: Envelope, tree: Any) -> str:
    """What the code or the message of an error means; empty where the profile lists neither."""
    pattern = envelope.not_found_message
    if pattern and searcher(pattern)(_raw_message(envelope, tree)):
        return "not_found"
    return _listed_meaning(envelope, _code(envelope, tree) or "")


def _listed_meaning(envelope: Envelope, code: str) -> str:
    """The meaning of ``code``, or of the longest listed beginning of it (``Throttling*``)."""
    if code in envelope.errors:
        return envelope.errors[code]
    beginnings = (
        listed
        for listed in envelope.errors
        if listed.endswith("*") and code.startswith(listed[:-1])
    )
    longest = max(beginnings, key=len, default="")
    return envelope.errors.get(longest, "")


def shown_error(envelope: Envelope, tree: Any) -> str:
    """Code and message for people, without hostile characters and phones; empty without both."""
    code = _code(envelope, tree)
    message = mask_text(scrub(_raw_message(envelope, tree), _MESSAGE_LENGTH))
    return f"{'' if code is None else f'code {scrub(code, _CODE_LENGTH)}'} {message}".strip()


def _code(envelope: Envelope, tree: Any) -> str | None:
    """The code as a word; ``None`` where there is none."""
    code = follow(tree, path_of(envelope.code))
    if code is MISSING or code is None or isinstance(code, dict | list):
        return None
    return scalar_text(code)


def _raw_message(envelope: Envelope, tree: Any) -> str:
    message = follow(tree, path_of(envelope.message)) if envelope.message else MISSING
    return message[:_SEARCHED] if isinstance(message, str) else ""

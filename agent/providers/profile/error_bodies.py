"""Reads what a provider says in the body of an HTTP error: its code, its message.

The code decides on the reason where the profile lists it; otherwise, and where the code is only
``fatal``, the status does: also where it means that a number does not exist. Only what the profile
names is repeated.
"""

from collections.abc import Callable, Collection
from typing import Any, Final

from agent.net.decode import decode_body
from agent.net.exchange import Answer, ProviderError
from agent.providers.profile.envelope import NotFoundError, meaning_of, shown_error
from agent.providers.profile.schema import Envelope
from agent.states import PollFailure

ReadError = Callable[[Answer, ProviderError], ProviderError]
ReadSuccess = Callable[[Answer, str], ProviderError | None]

_LARGEST_THROTTLE: Final = 4096
"""Bytes; an answer that only turns a request away is smaller."""


def error_reader(
    envelope: Envelope | None,
    redact: Callable[[str], str],
    not_found_status: Collection[int] = (),
) -> ReadError | None:
    """A function that turns the failure of a status into what its answer says it is.

    Args:
        envelope: Where codes and messages are.
        redact: Removes credentials from a text.
        not_found_status: Statuses that mean that the number does not exist.

    Returns:
        ``None`` where there is nothing to read: the status says it all.
    """
    if envelope is None and not not_found_status:
        return None

    def read(answer: Answer, failure: ProviderError) -> ProviderError:
        tree = None if envelope is None else _tree(answer)
        if envelope is None or tree is None:
            meaning, detail = "", failure.detail
        else:
            meaning = meaning_of(envelope, tree)
            shown = redact(shown_error(envelope, tree))
            detail = f"{failure.detail}, {shown}" if shown else failure.detail
        if not meaning and answer.status in not_found_status:
            meaning = "not_found"
        return _failure(meaning, detail, failure)

    return read


def throttle_reader(envelope: Envelope | None, redact: Callable[[str], str]) -> ReadSuccess | None:
    """A function that returns the failure of an answer of success which is a throttle.

    Only small answers that have one of the codes in their text are read for it; others cost nothing
    and are checked with the records they have.

    Returns:
        ``None`` where no code means a throttle.
    """
    errors = envelope.errors if envelope else {}
    codes = [code.rstrip("*").encode() for code, meaning in errors.items() if meaning == "throttle"]
    if envelope is None or not codes:
        return None

    def read(answer: Answer, label: str) -> ProviderError | None:
        body = answer.body
        if len(body) > _LARGEST_THROTTLE or not any(code in body for code in codes):
            return None
        tree = _tree(answer)
        if tree is None or meaning_of(envelope, tree) != "throttle":
            return None
        detail = f"{label}: {redact(shown_error(envelope, tree))}"
        return ProviderError(PollFailure.RATE_LIMITED, detail)

    return read


def _tree(answer: Answer) -> Any:
    """The object in the body; ``None`` where there is none."""
    try:
        tree: Any = decode_body(answer.body, answer.charset)
    except ProviderError:
        return None
    return tree if isinstance(tree, dict) else None


def _failure(meaning: str, detail: str, failure: ProviderError) -> ProviderError:
    if meaning == "not_found":
        # Not a reason for another attempt or login, as other errors of these statuses would be.
        is_theirs = failure.kind is PollFailure.HTTP_5XX
        kind = PollFailure.API_ERROR if is_theirs else PollFailure.HTTP_4XX
        return NotFoundError(kind, detail)
    if meaning == "auth":
        # However long the wait, wrong credentials stay wrong.
        return ProviderError(PollFailure.AUTH, detail)
    kind = PollFailure.RATE_LIMITED if meaning == "throttle" else failure.kind
    return ProviderError(kind, detail, failure.retry_after)

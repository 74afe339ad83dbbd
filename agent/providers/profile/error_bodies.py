"""Reads what a provider says in the body of an HTTP error: its code, its message.

The code decides on the reason where the profile lists it; otherwise, and where the code is only
``fatal``, the status does: also where it means that a number does not exist. Only what the profile
names is repeated.
"""

from collections.abc import Callable, Collection
from typing import Any

from agent.net.decode import decode_body
from agent.net.exchange import Answer, ProviderError
from agent.providers.profile.envelope import NotFoundError, meaning_of, shown_error
from agent.providers.profile.schema import Envelope
from agent.states import PollFailure

ReadError = Callable[[Answer, ProviderError], ProviderError]


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

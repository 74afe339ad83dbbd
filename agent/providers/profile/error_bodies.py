"""Reads what a provider says in the body of an HTTP error: its code, its message.

The code decides on the reason where the profile lists it; otherwise, and where the code is only
``fatal``, the status does. Only what the profile names is repeated.
"""

from collections.abc import Callable
from typing import Any

from agent.net.decode import decode_body
from agent.net.exchange import Answer, ProviderError
from agent.providers.profile.envelope import NotFoundError, meaning_of, shown_error
from agent.providers.profile.schema import Envelope
from agent.states import PollFailure


def error_reader(
    envelope: Envelope | None, redact: Callable[[str], str]
) -> Callable[[Answer, ProviderError], ProviderError] | None:
    """A function that turns the failure of a status into what its answer says it is.

    Args:
        envelope: Where codes and messages are; without one there is nothing to read.
        redact: Removes credentials from a text.
    """
    if envelope is None:
        return None

    def read(answer: Answer, failure: ProviderError) -> ProviderError:
        try:
            tree: Any = decode_body(answer.body, answer.charset)
        except ProviderError:
            return failure
        if not isinstance(tree, dict):
            return failure
        shown = redact(shown_error(envelope, tree))
        detail = f"{failure.detail}, {shown}" if shown else failure.detail
        meaning = meaning_of(envelope, tree)
        if meaning == "not_found":
            # Not a reason for another attempt, as an error of the server would be.
            is_theirs = failure.kind is PollFailure.HTTP_5XX
            return NotFoundError(PollFailure.API_ERROR if is_theirs else failure.kind, detail)
        if meaning == "auth":
            # However long the wait, wrong credentials stay wrong.
            return ProviderError(PollFailure.AUTH, detail)
        kind = PollFailure.RATE_LIMITED if meaning == "throttle" else failure.kind
        return ProviderError(kind, detail, failure.retry_after)

    return read

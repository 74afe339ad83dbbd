"""What ticket systems post when people work on a ticket, and how it is proven (ticketing.md §5).

Jira and Zammad sign the body with their own header. A ServiceNow business rule and any other
system sign as Standard Webhooks asks; their body is the form of :func:`_plain`.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from hashlib import sha1, sha256
from typing import Any

import msgspec

from agent.config.secret import Secret
from agent.config.sinks import Callback as CallbackSettings
from agent.config.sinks import Sink
from agent.net.scrub import scrub
from agent.net.webhook_signature import SignatureError, verify
from agent.sinks.callback import Callback
from agent.states import Stage

EXPECTED = "what docs/sinks.md shows for this kind of sink"
_SIGNATURE = "X-Hub-Signature"
_LONGEST = 200
_FUTURE = 300.0
"""Seconds by which a system's clock may be ahead."""

_STAGES: Mapping[str, Mapping[str, Stage]] = {
    "jira": {"category:indeterminate": Stage.ACCEPTED, "category:done": Stage.CLOSED},
    "servicenow": {
        "2": Stage.ACCEPTED,
        "6": Stage.CLOSED,
        "7": Stage.CLOSED,
        "8": Stage.CLOSED,
    },
    "zammad": {"open": Stage.ACCEPTED, "closed": Stage.CLOSED, "merged": Stage.CLOSED},
    "webhook": {stage.value: stage for stage in Stage},
}
"""What each system's usual states mean here."""


class InvalidCallbackError(ValueError):
    """The body is not what the system posts; the text says what is wrong."""


def proven(
    sink: Sink, settings: CallbackSettings, headers: Mapping[str, str], body: bytes, now: float
) -> str:
    """What tells this message from others, once it is known who sent it.

    Raises:
        NotSigned: when it is not what one of the section's secrets signed.
    """
    secrets = [it for it in (settings.secret, settings.former_secret) if it is not None]
    if sink.kind in _HASHES:
        _check_hub(_HASHES[sink.kind], headers, body, secrets)
        # The system's own message ids are not signed, so what was said is its own id.
        return sha256(body).hexdigest()
    return verify(headers, body, secrets, now)


_HASHES: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "jira": ("sha256", sha256),
    "zammad": ("sha1", sha1),
}


def _check_hub(
    how: tuple[str, Callable[..., Any]],
    headers: Mapping[str, str],
    body: bytes,
    secrets: Iterable[Secret],
) -> None:
    name, digest = how
    given = headers.get(_SIGNATURE, "").encode("ascii", "replace")
    expected = [
        f"{name}={hmac.new(secret.reveal().encode(), body, digest).hexdigest()}".encode()
        for secret in secrets
    ]
    # All are compared, so that the time taken tells nothing of which one was near.
    same = [hmac.compare_digest(given, one) for one in expected]
    if not any(same):
        raise SignatureError(f"{_SIGNATURE} does not fit the body and the secret")


def read_callback(
    sink: Sink, settings: CallbackSettings, message: str, body: bytes, now: float
) -> Callback | None:
    """What ``body`` says; ``None`` where it tells of something else than a state.

    Raises:
        NotACallback: when it cannot be read.
    """
    try:
        told = msgspec.json.decode(body, type=dict[str, Any])
        said = _READERS[sink.kind](told)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidCallbackError(f"the body is no JSON object: {scrub(str(error))}") from None
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise InvalidCallbackError(
            f"the body lacks {scrub(str(error), 60)} or has it wrong"
        ) from None
    if said is None:
        return None
    if said.at > now + _FUTURE:
        raise InvalidCallbackError("it tells of a time to come")
    stage = _stage(sink.kind, settings, said)
    actor = scrub(said.actor, 60) or sink.name
    return msgspec.structs.replace(said, sink=sink.name, message=message, actor=actor, stage=stage)


def _stage(kind: str, settings: CallbackSettings, said: Callback) -> Stage | None:
    own = {word.casefold(): stage for word, stage in settings.stages.items()}
    usual = _STAGES[kind]
    for word in said.status.split("\n"):
        known = own.get(word.casefold()) or usual.get(word.casefold())
        if known is not None:
            return known
    return None


def _said(
    remote: object, ticket: object, at: float, actor: object, status: object, resolution: object
) -> Callback:
    texts = (scrub(str(it or ""), _LONGEST) for it in (remote, ticket))
    remote_id, ticket_id = texts
    if not remote_id and not ticket_id:
        raise ValueError("the ticket")
    words = "\n".join(scrub(one, 100) for one in str(status).split("\n"))
    return Callback(
        "", "", remote_id, ticket_id, at, str(actor or ""), words, None, str(resolution or "")
    )


def _jira(told: dict[str, Any]) -> Callback | None:
    """``jira:issue_updated``, where the status is among what changed."""
    issue = told["issue"]
    changed = (told.get("changelog") or {}).get("items") or ()
    if not any(item.get("field") == "status" for item in changed):
        return None
    fields = issue["fields"]
    status = fields["status"]
    category = (status.get("statusCategory") or {}).get("key", "")
    resolution = (fields.get("resolution") or {}).get("name")
    actor = (told.get("user") or {}).get("displayName")
    words = f"{status['name']}\ncategory:{category}"
    return _said(issue["id"], "", float(told["timestamp"]) / 1000, actor, words, resolution)


def _zammad(told: dict[str, Any]) -> Callback | None:
    """A trigger's webhook with Zammad's usual payload."""
    ticket = told["ticket"]
    state = ticket["state"]
    name = state["name"] if isinstance(state, dict) else state
    who = ticket.get("updated_by")
    actor = who.get("login") if isinstance(who, dict) else who
    return _said(ticket["id"], "", _moment(ticket["updated_at"]), actor, name, "")


def _plain(told: dict[str, Any]) -> Callback | None:
    """``{"timestamp", "data": {"ticket" or "remote", "status", "resolution", "actor"}}``."""
    data = told["data"]
    at = _moment(told["timestamp"])
    said = _said(
        data.get("remote"),
        data.get("ticket"),
        at,
        data.get("actor"),
        data["status"],
        data.get("resolution"),
    )
    number = scrub(str(data.get("provider_ticket") or ""), _LONGEST)
    return msgspec.structs.replace(said, provider_ticket=number)


def _moment(told: object) -> float:
    moment = datetime.fromisoformat(str(told))
    if moment.tzinfo is None:
        raise ValueError("a time with its zone")
    return moment.timestamp()


_READERS: Mapping[str, Callable[[dict[str, Any]], Callback | None]] = {
    "jira": _jira,
    "zammad": _zammad,
    "servicenow": _plain,
    "webhook": _plain,
}

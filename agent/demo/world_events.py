"""What happens in the simulated world, told in the language of whoever watches."""

from collections.abc import Iterator, Mapping
from typing import Final

from agent.i18n import Joined, Message
from agent.web.labels import LABELS

Entry = Mapping[str, object]

_SUBJECT: Final = Message("{subject}: {text}")
_BALANCE: Final = Message("the balance is {balance}")
_MONEY: Final = Message("{state}, the balance is {balance} {currency}")
_PHONE: Final = Message("phone {binding} is {state}")
_STATE: Final = Message("is {state}")
_SCHEDULE: Final = Message("somebody edits its schedule")
_CALLS: Final = Message("calls to it go another way")
_EDITED: Final = Message("somebody edits {keys}")
_FAILS: Final = Message("its API begins to fail ({fault})")
_FAILS_NO_MORE: Final = Message("its API fails no longer ({fault})")
_COMPLAINT: Final = Message("a caller complains ({caller})")
_COMPLAINT_WITH_PROMPT: Final = Message("a caller complains ({caller}), who heard “{prompt}”")
_DELIVERY: Final[Mapping[str, Message]] = {
    "ticket.opened": Message("receives a new ticket: {title}"),
    "ticket.updated": Message("receives news of a ticket: {title}"),
    "ticket.escalated": Message("receives an escalation: {title}"),
    "ticket.resolved": Message("reads that it is resolved: {title}"),
    "ticket.closed": Message("reads that it is closed: {title}"),
    "ticket.reopened": Message("reads that it is open again: {title}"),
}


def world_text(entry: Entry, locale: str) -> str:
    """The text of one entry of the world's log, after the account and number it is about."""
    values = dict(entry.get("values") or {})  # type: ignore[call-overload]
    if entry["kind"] == "ticket":
        kind, _, title = str(entry["text"]).partition(": ")
        known = _DELIVERY.get(kind)
        return known.with_values(title=title).text(locale) if known else str(entry["text"])
    text = Joined(tuple(_texts(str(entry["kind"]), values, str(entry["text"]), locale)))
    account = "/".join(str(entry[key]) for key in ("provider", "account") if entry.get(key))
    subject = " ".join(part for part in (account, str(entry.get("number") or "")) if part)
    if not subject:
        return text.text(locale)
    return _SUBJECT.with_values(subject=subject, text=text).text(locale)


def _texts(kind: str, values: dict[str, str], text: str, locale: str) -> Iterator[Message | str]:
    if kind == "money" and values:
        yield _MONEY.with_values(**{**values, "state": _label(values["state"], locale)})
    elif kind in ("fault_began", "fault_ended") and values:
        known = _FAILS if kind == "fault_began" else _FAILS_NO_MORE
        yield known.with_values(fault=values["fault"].replace("http_", "HTTP "))
    elif kind == "complaint" and "prompt" in values:
        known = _COMPLAINT_WITH_PROMPT if values["prompt"] else _COMPLAINT
        yield known.with_values(**values)
    elif kind == "set" and values:
        yield from _changes(values, locale)
    else:
        yield text


def _changes(values: dict[str, str], locale: str) -> Iterator[Message]:
    others: list[str] = []
    for key, value in values.items():
        if key == "balance":
            yield _BALANCE.with_values(balance=f"{float(value):,.2f}")
        elif key == "state":
            known = _PHONE if "binding" in values else _STATE
            state = _label(value, locale)
            yield known.with_values(state=state, binding=values.get("binding", ""))
        elif key == "routing.schedule":
            yield _SCHEDULE
        elif key == "calls":
            yield _CALLS
        elif key != "binding":
            others.append(key)
    if others:
        yield _EDITED.with_values(keys=", ".join(others))


def _label(code: str, locale: str) -> str:
    return LABELS[code].text(locale) if code in LABELS else code

"""The reasons and values of a verdict in words.

Deciders state them in fixed English forms, because tools read them. What has no form here, such
as a provider's own words, stays as it is.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from agent.diagnosis.cause_texts import CAUSE_TEXTS
from agent.diagnosis.wireless_tree import WIRELESS_TREE
from agent.i18n import LOCALES, Message, contextual, plural
from agent.i18n.words import CALL_RESULTS, CARRIERS, CODES, ORIGINS
from agent.states import Cause

_FORMS: Final[Sequence[tuple[re.Pattern[str], Message]]] = tuple(
    (re.compile(pattern, re.DOTALL), message)
    for pattern, message in (
        (r"(?P<count>\d+) of the last (?P<total>\d+)", Message("{count} of the last {total}")),
        (r"(?P<count>\d+) of (?P<total>\d+)", Message("{count} of {total}")),
        (r"not reported", Message("not reported")),
        (r"stale", Message("too old to count")),
        (r"none|no phone", contextual("value", "none")),
        (r"no", contextual("value", "no")),
        (r"yes", contextual("value", "yes")),
        (
            r"blacklist entry of (?P<n>\d+) digits",
            Message("an entry of the black list, {n} digits"),
        ),
        (
            r"white list on with (?P<n>\d+) entries",
            Message("the white list is on, with {n} entries"),
        ),
        (r"no window on \w+ (?P<at>\d\d:\d\d)", Message("no hours at {at} on that day")),
        (
            r"no phone is bound in the window of (?P<at>\d\d:\d\d)",
            Message("no phone rings at {at}"),
        ),
        (r"the bound phones are not known", Message("the bound phones are not known")),
        (
            r"a target of the menu is not known",
            Message("a target of the menu is not known"),
        ),
        (
            r"a phone that the hours name is not known",
            Message("a phone that the hours name is not known"),
        ),
        (r"the key hangs up", Message("the key hangs up")),
        (r"the menu leads to voicemail only", Message("the menu leads to voicemail only")),
        (
            r"none of the menu's keys leads to a phone",
            Message("no key of the menu leads to a phone"),
        ),
        (r"the caller is still in a menu", Message("the caller is still in a menu")),
        (
            r"a code is asked for and not entered",
            Message("a code is asked for and not entered"),
        ),
        (
            r"(?P<n>\d+) calls in progress, at most (?P<most>\d+) at once",
            Message("{n} calls in progress, at most {most} at once"),
        ),
        (
            r"the approved configuration does not do this",
            Message("the approved configuration does not do this"),
        ),
        (r"calls are answered in that time", Message("calls are answered in that time")),
        (
            r"the failures have their cause on our side",
            Message("the failures have their cause on our side"),
        ),
        (
            r"a poll that fails says nothing of the number itself",
            Message("a poll that fails says nothing of the number itself"),
        ),
        (
            r"the provider reports the phone as ok",
            Message("the provider reports the phone as in order"),
        ),
        (
            r"numbers of (?P<carrier>.+) fail at (?P<where>.+)",
            Message("numbers of {carrier} fail at {where}"),
        ),
        (
            r"(?P<n>\d+) numbers of (?P<carrier>.+) work elsewhere",
            Message("{n} numbers of {carrier} work elsewhere"),
        ),
        (
            r"no number of (?P<carrier>.+) is known to work elsewhere",
            Message("no number of {carrier} is known to work elsewhere"),
        ),
        (r"balance (?P<amount>[-\d.]+)", Message("the balance is {amount}")),
        (r"area (?P<area>\S+) denied", Message("the area {area} is kept out")),
        (r"area not among those allowed", Message("the area is none of those let in")),
        (r"at most (?P<n>\d+) calls at once", Message("at most {n} calls at once")),
        (
            r"callers are given up after (?P<n>[\d.]+) s",
            Message("callers are given up after {n} s"),
        ),
        (r"the new phone is (?P<state>\w+)", Message("the new phone is {state}")),
        (
            r"the phone that is left is (?P<state>\w+)",
            Message("the phone that is left is {state}"),
        ),
        (r"the account is suspended", Message("the account is suspended")),
        (r"(it|the account) is funded", Message("the account is funded")),
        (r"the provider gives no reason", Message("the provider gives no reason")),
        (
            r"the diagnosis is not about one caller",
            Message("the diagnosis is not about one caller"),
        ),
        (
            r"calls will fail when it is open too",
            Message("calls will fail when it is open too"),
        ),
        (r"(?P<n>\d+), all unbound", Message("{n}, all unbound")),
        (r"no longer", Message("no longer")),
        (r"no longer; first seen (?P<at>.+)", Message("no longer; first seen {at}")),
        (r"within 30 min: .*", Message("changed within 30 minutes of it")),
        (r"(?P<n>[\d.]+) s", Message("{n} s")),
        (r"(?P<count>\d+) callers", plural("{count} caller", "{count} callers", 1)),
        (
            r"(?P<count>\d+) of (?P<total>\d+) (?P<state>[a-z_]+)",
            Message("{count} of {total}: {state}"),
        ),
        (
            r"(?P<result>[a-z_]+): (?P<count>\d+) of the last (?P<total>\d+)",
            Message("{result}: {count} of the last {total}"),
        ),
        (
            r"poll (?P<capability>[a-z_]+): (?P<failure>.+)",
            Message("polling: {capability}: {failure}"),
        ),
        (r"(?P<count>\d+) of (?P<carrier>\S+)", Message("{count} of {carrier}")),
        (
            r"(?P<name>.*?): (?P<n>\d+) of (?P<m>\d+) fail(;.*)?",
            Message("{name}: {n} of {m} fail"),
        ),
    )
)
_CAUSES: Final = frozenset(cause.value for cause in Cause)
_WORDS: Final[Mapping[str, Mapping[str, Message]]] = {
    "carrier": CARRIERS,
    "result": CALL_RESULTS,
    "state": CODES,
    "capability": CODES,
    "failure": CODES,
    "name": CARRIERS,
}
"""Which words the values of a form have."""
_PHONE: Final = re.compile(r"(?P<state>[a-z_]+) \((?P<phone>.*)\)", re.DOTALL)
_BASELINE: Final = re.compile(r"(?P<origin>\w+), version (?P<version>\d+), taken at (?P<at>.*)")
_MOVE: Final = re.compile(r"(?P<before>\w+) (?:->|→) (?P<after>\w+)")


def reason_words(reason: str) -> Message | str:
    """A value, or a reason for or against a cause; in its own words where it has no form."""
    phone, move, baseline = (it.fullmatch(reason) for it in (_PHONE, _MOVE, _BASELINE))
    if phone and phone["state"] in CODES:
        return Message("{state} ({phone})", {**phone.groupdict(), "state": CODES[phone["state"]]})
    if move:
        before, after = (CODES.get(move[it], move[it]) for it in ("before", "after"))
        return Message("{before} → {after}", {"before": before, "after": after})
    if baseline:
        origin = ORIGINS.get(baseline["origin"], baseline["origin"])
        values = {**baseline.groupdict(), "origin": origin}
        return Message("{origin}, version {version}, {at}", values)
    for pattern, message in _FORMS:
        match = pattern.fullmatch(reason)
        if match:
            return message.with_values(**_values(match.groupdict(default="–")))
    known = _conclusions().get(reason) or _cause(reason) or CODES.get(reason)
    return reason if known is None else known


def _values(found: Mapping[str, str]) -> dict[str, Message | str]:
    return {name: _WORDS.get(name, {}).get(text, text) for name, text in found.items()}


def _cause(reason: str) -> Message | None:
    return CAUSE_TEXTS[Cause(reason)].title if reason in _CAUSES else None


@cache
def _conclusions() -> Mapping[str, Message]:
    """The conclusions of the wireless tree by their texts: a verdict has the configured one."""
    messages = [node.message for node in WIRELESS_TREE.values()]
    return {message.text(locale): message for message in messages for locale in LOCALES}

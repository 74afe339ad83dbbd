"""The facts of a verdict, and the reasons for and against a cause, in the reader's language.

A verdict states them in fixed English forms (``agent/diagnosis/deciders``), because tools read
them. What has no form here, such as a provider's own words, stays as it is.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from agent.diagnosis.answers import known_questions
from agent.diagnosis.wireless_tree import WIRELESS_TREE
from agent.diagnosis.words import Words
from agent.i18n import Message, contextual
from agent.web.pages.number import words
from agent.web.pages.number.changes import field_text, value_text
from agent.web.texts import PageTexts

_FACTS: Final[Mapping[str, Message]] = {
    "number_state": Message("state of the number"),
    "network_state": Message("state in the network"),
    "native_status": Message("provider's word for the state"),
    "reason": Message("provider's reason"),
    "contract_end": Message("end of the contract"),
    "reclaim_at": Message("provider takes the number back"),
    "moved": Message("change of the state"),
    "realname_ok": Message("real-name registration in order"),
    "marked as": Message("marked as"),
    "marked by": Message("marked by so many"),
    "bindings": Message("bound phones"),
    "effect": Message("effect on callers"),
    "baseline": Message("compared with"),
    "wait_seconds": Message("seconds that a phone rings"),
    "concurrency_limit": Message("calls at once"),
    "route": Message("way of the call"),
    "balance": Message("balance"),
    "notice_line": Message("line of the notice"),
    "stop_line": Message("line of the stop"),
    "runway_days": Message("days that the balance lasts"),
    "cap_spent": Message("share of the monthly cap spent"),
    "numbers_down": Message("numbers out of order"),
    "numbers_listed": Message("numbers listed"),
    "listed": Message("in the listing"),
    "landing": Message("landing"),
    "wireless tree": Message("conclusion"),
    "calls unanswered": Message("calls not answered"),
}
_OF_SOMETHING: Final[Mapping[str, Message]] = {
    "binding": Message("phone {name}"),
    "common": Message("in common: {name}"),
    "talks": Message("short talks"),
    "poll": Message("polling: {name}"),
    "drift": Message("changed: {name}"),
    "calls": Message("calls: {name}"),
}
"""Facts whose first word says what they are of, and the rest which one."""
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
        (
            r"(?P<name>.*?): (?P<n>\d+) of (?P<m>\d+) fail(;.*)?",
            Message("{name}: {n} of {m} fail"),
        ),
    )
)
_CHANGE: Final = re.compile(r"(?P<field>.*?): (?P<was>.*) -> (?P<now>.*)", re.DOTALL)
_PHONE: Final = re.compile(r"(?P<state>[a-z_]+) \((?P<phone>.*)\)", re.DOTALL)
_BASELINE: Final = re.compile(r"(?P<origin>\w+), version (?P<version>\d+), taken at (?P<at>.*)")
_MOVE: Final = re.compile(r"(?P<before>\w+) (?:->|→) (?P<after>\w+)")
_QUESTION_NAME: Final = re.compile(r"\s*\[\w+=[^\]]*\]$")


def fact_text(fact: str, texts: PageTexts) -> str:
    """The name of a fact."""
    locale = texts.locale
    if fact in _FACTS:
        return _FACTS[fact].text(locale)
    if fact in known_questions():
        return question_text(fact, locale)
    first, _, rest = fact.partition(" ")
    if first not in _OF_SOMETHING:
        return fact
    result = words.CALL_RESULTS.get(rest) if first == "calls" else None
    name = texts.label(rest) if result is None else result.text(locale)
    return _OF_SOMETHING[first].with_values(name=name).text(locale)


def value_of_fact(fact: str, value: str, texts: PageTexts) -> str:
    """The value of ``fact``."""
    locale = texts.locale
    change = _CHANGE.fullmatch(value) if fact.startswith("drift ") else None
    if change:
        was, now = (value_text(change["field"], change[it], locale) for it in ("was", "now"))
        field = field_text(change["field"], locale)
        return Message("{field}: {was} → {now}", {"field": field, "was": was, "now": now}).text(
            locale
        )
    if fact == "effect":
        return texts.label(value.partition(":")[0])
    if fact == "marked as" and value in words.MARKINGS:
        return words.MARKINGS[value].text(locale)
    if fact in known_questions():
        return choice_text(value, locale)
    return reason_text(value, texts)


def reason_text(reason: str, texts: PageTexts) -> str:
    """A value, or a reason for or against a cause; in its own words where it has no form."""
    locale = texts.locale
    phone, move, baseline = (it.fullmatch(reason) for it in (_PHONE, _MOVE, _BASELINE))
    if phone:
        return f"{texts.label(phone['state'])} ({phone['phone']})"
    if move:
        return f"{texts.label(move['before'])} → {texts.label(move['after'])}"
    if baseline:
        origin = words.ORIGIN_NAMES.get(baseline["origin"])
        values = {"origin": origin or baseline["origin"], **baseline.groupdict()}
        values["origin"] = baseline["origin"] if origin is None else origin.text(locale)
        return Message("{origin}, version {version}, {at}", values).text(locale)
    for pattern, message in _FORMS:
        match = pattern.fullmatch(reason)
        if match:
            return message.with_values(**match.groupdict(default="–")).text(locale)
    return texts.label(reason)


def question_text(name: str, locale: str) -> str:
    """The question that ``name`` stands for."""
    node = WIRELESS_TREE.get(name)
    if node is not None:
        return node.message.text(locale)
    if name in words.OTHER_QUESTIONS:
        return words.OTHER_QUESTIONS[name].text(locale)
    return Words(locale).word("questions", name)


def choice_text(choice: str, locale: str) -> str:
    """An accepted answer; what people typed stays as it is."""
    message = words.CHOICES.get(choice)
    return choice if message is None else message.text(locale)


def without_names(question: str) -> str:
    """A question of a verdict without the name and the answers that commands take."""
    return _QUESTION_NAME.sub("", question)

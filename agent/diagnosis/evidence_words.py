"""The facts of a verdict in the reader's language: their names and their values."""

import re
from collections.abc import Mapping
from typing import Final

from agent.baselines.change_words import field_text, value_text
from agent.diagnosis.answer_words import choice_text, question_text
from agent.diagnosis.answers import known_questions
from agent.diagnosis.prompts import OTHER, OTHER_TEXT, PROMPTS
from agent.diagnosis.reason_words import reason_words
from agent.i18n import Message
from agent.i18n.words import CALL_RESULTS, CODES, MARKINGS
from agent.probing.outcome import CallOutcome
from agent.probing.texts import OUTCOMES as CALL_OUTCOMES

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
    "spent in the last hour": Message("spent in the last hour"),
    "explained by calls": Message("explained by calls"),
    "calls in the last hour": Message("calls in the last hour"),
    "phones changed behind": Message("phones changed behind"),
    "long call": Message("long call"),
    "calls out_of_hours": Message("answered while it was closed"),
    "usual out_of_hours": Message("answered while it was closed, usual at most"),
    "calls abroad": Message("answered from other countries"),
    "usual abroad": Message("answered from other countries, usual at most"),
    "calls concurrency": Message("calls at once of late"),
    "usual concurrency": Message("calls at once, usual at most"),
    "calls at once": Message("calls at once, and their limit"),
    "recording deleted at": Message("oldest recording is deleted"),
    "recordings kept for days": Message("days that recordings are kept"),
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
    "heard": Message("callers heard: {name}"),
    "test_call": Message("test call from {name}"),
}
"""Facts whose first word says what they are of, and the rest which one."""
_SOURCES: Final[Mapping[str, Message]] = {
    "answer": Message("a person's answer"),
    "numbers": Message("numbers of all accounts"),
    "callers": Message("callers"),
    "test_calls": Message("test calls"),
}
_KINDS: Final[Mapping[str, Message]] = {
    "all": Message("all numbers"),
    "account": Message("the account"),
    "carrier": Message("the carrier"),
    "carrier elsewhere": Message("the carrier elsewhere"),
    "change": Message("a change of state"),
    "other carriers": Message("other carriers"),
    "phone": Message("the phone"),
    "phones": Message("the state of phones"),
    "phones of carrier": Message("the carrier of bound phones"),
    "provider": Message("the provider"),
    "provider and carrier": Message("provider and carrier"),
    "trunk": Message("the trunk"),
}
"""What numbers that fail together have in common."""
_PROMPT_TEXTS: Final[Mapping[str, Message]] = {
    OTHER: OTHER_TEXT,
    **{it.name: it.text for it in PROMPTS},
}
_CHANGE: Final = re.compile(r"(?P<field>.*?): (?P<was>.*) -> (?P<now>.*)", re.DOTALL)
_QUESTION_NAME: Final = re.compile(r"\s*\[\w+=[^\]]*\]$")


def fact_text(fact: str, locale: str) -> str:
    """The name of a fact."""
    if fact in _FACTS:
        return _FACTS[fact].text(locale)
    if fact in known_questions():
        return question_text(fact, locale)
    first, _, rest = fact.partition(" ")
    if first not in _OF_SOMETHING:
        return fact
    words = {"calls": CALL_RESULTS, "common": _KINDS, "heard": _PROMPT_TEXTS}.get(first, CODES)
    return _OF_SOMETHING[first].with_values(name=words.get(rest, rest)).text(locale)


def value_of_fact(fact: str, value: str, locale: str) -> str:
    """The value of ``fact``."""
    change = _CHANGE.fullmatch(value) if fact.startswith("drift ") else None
    if change:
        was, now = (value_text(change["field"], change[it], locale) for it in ("was", "now"))
        values = {"field": field_text(change["field"], locale), "was": was, "now": now}
        return Message("{field}: {was} → {now}", values).text(locale)
    if fact == "effect":
        return reason_text(value.partition(":")[0], locale)
    if fact.startswith("test_call "):
        return _test_call_text(value, locale)
    if fact == "marked as" and value in MARKINGS:
        return MARKINGS[value].text(locale)
    if fact in known_questions():
        return choice_text(value, locale)
    return reason_text(value, locale)


def _test_call_text(value: str, locale: str) -> str:
    outcome, _, count = value.partition(" ")
    if outcome not in CALL_OUTCOMES:
        return value
    text = CALL_OUTCOMES[CallOutcome(outcome)].text(locale)
    if count in ("", "1"):
        return text
    return Message("{text} ({count} times in a row)", {"text": text, "count": count}).text(locale)


def reason_text(reason: str, locale: str) -> str:
    """A value, or a reason for or against a cause; in its own words where it has no form."""
    words = reason_words(reason)
    return words if isinstance(words, str) else words.text(locale)


def source_text(source: str, locale: str) -> str:
    """Where a fact is from: an account with what was asked of it, or a person's answer."""
    account, _, capability = source.rpartition(" ")
    if account:
        return f"{account} · {reason_text(capability, locale)}"
    return _SOURCES[source].text(locale) if source in _SOURCES else reason_text(source, locale)


def without_names(question: str) -> str:
    """A question of a verdict without the name and the answers that commands take."""
    return _QUESTION_NAME.sub("", question)

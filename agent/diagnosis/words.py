"""The texts of a verdict in one locale."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from agent.diagnosis.cause_texts import CAUSE_TEXTS
from agent.i18n import Message, contextual, plural
from agent.states import Cause

_FINDINGS: Final[Mapping[str, Message]] = {
    "reclaim_soon": Message("the provider takes the number back in {days} days"),
    "contract_ends": Message("the contract ends in {days} days"),
    "realname_failed": Message("the real-name registration is not in order"),
    "low_balance_state": Message("the provider reports a low balance"),
    "illegal_move": Message(
        "the state went from {before} to {after}, which its lifecycle does not allow"
    ),
    "siblings": Message("{count} more numbers of {account} are {state}: look for one common cause"),
    "balance_low": Message("the balance is down to {balance} {currency} (notice line {notice})"),
    "runway_short": Message("the balance lasts {days} more days"),
    "cap_near": Message("{share} of the monthly cap is spent"),
    "network_still_active": Message("the number is {state} but still active in the network"),
    "drift": Message("changed from the {baseline}: {difference}"),
    "schedule_closed": Message("closed now by its schedule ({detail})"),
    "whitelist_blocks_caller": Message("only callers on the white list get through ({detail})"),
    "list_blocks_caller": Message("a list blocks callers ({detail})"),
    "region_blocks_caller": Message("a region rule blocks callers ({detail})"),
    "binding_bad": Message("binding {binding} ({phone}) is {state}"),
    "stale": Message("the facts of {facts} are {age} old"),
    "caller_area": Message(
        "a region rule may stop this caller; tell the area code: [caller_area=N]"
    ),
    "wait_short": Message("the wait of {wait} s is short for the phones behind it"),
    "unlisted_phones": Message(
        "{count} phones are under numbers that {account} does not list ({numbers}): one of them "
        "may be this number's"
    ),
    "marked": Message(
        "people have marked the number as {tag} ({count} times): calls back from it are refused"
    ),
    "caller_abroad": Message(
        "the caller is abroad: a 400 number is reached from there only where the operator there "
        "lets the call through; offer these callers a landline number"
    ),
    "caller_is_hotline": Message(
        "the caller shown is itself a 400 or 800 number, which cannot dial one: ask which phone "
        "the call was made from"
    ),
    "interface_fails": Message(
        "the interface of {provider} fails: that says nothing of its numbers; ask the provider "
        "about the interface, and dial a number by hand"
    ),
    "route_unknown": Message("where a call goes is not known ({detail})"),
    "callers_complain": plural(
        "{count} caller has complained in the last {minutes} minutes and heard: {prompts}",
        "{count} callers have complained in the last {minutes} minutes and heard: {prompts}",
        1,
    ),
    "heard_otherwise": Message(
        "what callers heard and what the interface says contradict each other: dial the number, "
        "and the phones behind it directly"
    ),
    "probe_fails": Message("test calls from {callers} fail, and heard: {prompt}"),
    "probe_some_fail": Message(
        "test calls from {failing} fail, and those from {through} get through: ask about callers "
        "of these carriers and areas"
    ),
    "probe_gets_through": Message(
        "test calls from {callers} get through all the same: dial the number, and ask the provider "
        "whether its listing is up to date"
    ),
    "probe_blind": Message(
        "the control number does not answer calls from {callers} either: these lines are at fault, "
        "and nothing is concluded from their test calls"
    ),
    "phones_of_carrier": Message(
        "{count} bound phones of {carrier} fail together: ask that carrier about its network, not "
        "each holder"
    ),
    "not_listed": Message(
        "the number is not in the listing of {account}: is it written correctly?"
    ),
}
_CONTROL_QUESTIONS: Final[Mapping[str, Message]] = {
    "control_call": Message("Does a call from the same phone to another 400 number get through?"),
    "who_fails": Message("Which callers fail?"),
    "direct_call": Message("What happens when the bound phone is dialled directly?"),
    "voice": Message("How is the voice, by the 400 number and directly?"),
}
_PARTIES: Final[Mapping[str, Message]] = {
    "caller": Message("the caller"),
    "caller_carrier": Message("the caller's carrier"),
    "holder": Message("the phone's holder"),
    "admin": Message("the 400 administrator"),
    "finance": Message("finance"),
    "security": Message("whoever is responsible for security"),
    "binding_carrier": Message("the bound phone's carrier"),
    "provider": Message("the provider"),
    "base_carrier": Message("the base carrier"),
    "monitoring": Message("whoever runs the monitoring"),
    "none": contextual("diagnosis", "nobody"),
}
_HEADINGS: Final[Mapping[str, Message]] = {
    "job": Message("whose job"),
    "sure": Message("sure"),
    "call": Message("call"),
    "since": Message("since"),
    "fact": Message("fact"),
    "value": Message("value"),
    "source": Message("source"),
    "age": Message("age"),
    "findings": Message("also noticed"),
    "next_steps": Message("next steps"),
    "questions": Message("to be found out (--answer NAME=ANSWER)"),
    "considered": Message("also weighed"),
    "pro": Message("for"),
    "contra": Message("against"),
}
_SECTIONS: Final = {"headings": _HEADINGS, "parties": _PARTIES}


class Words:
    """The texts of one locale."""

    def __init__(self, locale: str) -> None:
        self._locale = locale

    def title(self, cause: Cause) -> str:
        """The cause in a few words."""
        return CAUSE_TEXTS[cause].title.text(self._locale)

    def word(self, section: str, name: str) -> str:
        """A word of the section ``headings`` or ``parties``.

        Raises:
            KeyError: when there is no such word.
        """
        return _SECTIONS[section][name].text(self._locale)


def steps(cause: Cause, facts: Mapping[str, object]) -> tuple[Message, ...]:
    """The next steps for ``cause``, with ``facts`` in their places."""
    return tuple(_filled(step, facts) for step in CAUSE_TEXTS[cause].steps)


def questions(cause: Cause, facts: Mapping[str, object]) -> tuple[Message, ...]:
    """The questions about ``cause`` that a person must answer, as no interface reports it."""
    return tuple(_filled(question, facts) for question in CAUSE_TEXTS[cause].questions)


def finding(name: str, **facts: object) -> Message:
    """A warning beside the verdict.

    Raises:
        KeyError: when there is no such text.
    """
    return _filled(_FINDINGS[name], facts)


def party_word(party: str) -> Message:
    """The word for a responsible party."""
    return _PARTIES[party]


def control_question(name: str) -> Message:
    """The question about calls that ``name`` stands for."""
    return _CONTROL_QUESTIONS[name]


def _filled(message: Message, facts: Mapping[str, object]) -> Message:
    return replace(message, values=_Facts(facts))


class _Facts(dict[str, object]):
    """Facts by name; an unknown one is a dash."""

    def __missing__(self, key: str) -> object:
        return "-"

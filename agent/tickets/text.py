"""A ticket's title and description, in the configured locale.

Phone numbers of people are masked; the ticket's own number is public and stays as it is.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from agent.diagnosis.texts import verdict_in
from agent.diagnosis.words import Words
from agent.i18n import CHINESE, ENGLISH, LOCALES, Joined, Message, translate
from agent.masking import mask_text
from agent.model import Alert
from agent.net.scrub import scrub
from agent.states import Cause, Scope
from agent.tickets.ticket import Subject, Text, Ticket
from agent.verdict import Verdict

_SUFFIX: Final[Mapping[str, str]] = {ENGLISH: "", CHINESE: "_zh"}
_TITLE_CHARACTERS = 250
_DESCRIPTION_CHARACTERS = 4000


def text_of(
    subject: Subject, alert: Alert, verdict: Verdict | None, locale: str, zone: str
) -> Text:
    """What a ticket opened for ``alert`` says, with times in ``zone``.

    A rule without annotations in the locale speaks English; one without any is named.
    """
    title, about = _by_alert(subject, alert, locale)
    lines = [_since(alert.active_at, locale, zone), *_diagnosis(verdict, locale)]
    shown = [_shown(line, subject.number, _DESCRIPTION_CHARACTERS) for line in lines]
    return Text(
        title=title,
        description="\n".join(filter(None, (about, *shown))),
        others={other: _by_alert(subject, alert, other) for other in LOCALES if other != locale},
    )


def in_language(ticket: Ticket, locale: str, zone: str) -> Ticket:
    """``ticket`` with its texts in ``locale`` where they are known in that language."""
    if locale not in ticket.text.others:
        return ticket
    verdict = None if ticket.diagnosis is None else verdict_in(ticket.diagnosis, locale)
    lines = [_since(ticket.started_at, locale, zone), *_diagnosis(verdict, locale)]
    number = ticket.subject.number
    shown = [_shown(line, number, _DESCRIPTION_CHARACTERS) for line in lines]
    description = "\n".join(filter(None, (about_in(ticket, locale), *shown)))
    text = Text(title=title_in(ticket, locale), description=description)
    return msgspec.structs.replace(ticket, text=text, diagnosis=verdict)


def title_in(ticket: Ticket, locale: str) -> str:
    """The ticket's title in ``locale``, where it is known in that language."""
    title, _about = ticket.text.others.get(locale, ("", ""))
    return title or ticket.text.title


def about_in(ticket: Ticket, locale: str) -> str:
    """What the alert says, without the diagnosis, in ``locale`` where it is known so."""
    _title, about = ticket.text.others.get(locale, ("", ""))
    return about or ticket.text.description.partition("\n")[0]


def _by_alert(subject: Subject, alert: Alert, locale: str) -> tuple[str, str]:
    title = _annotation(alert, "summary", locale) or f"{alert.name}: {_named(subject)}"
    about = _annotation(alert, "description", locale)
    return (
        _shown(title, subject.number, _TITLE_CHARACTERS),
        _shown(about, subject.number, _DESCRIPTION_CHARACTERS),
    )


def _annotation(alert: Alert, name: str, locale: str) -> str:
    translated = alert.annotations.get(f"{name}{_SUFFIX[locale]}")
    return translated or alert.annotations.get(name, "")


def _named(subject: Subject) -> str:
    named = (
        subject.provider,
        subject.account,
        subject.number,
        subject.binding,
        subject.carrier,
    )
    return "/".join(part for part in named if part) or subject.scope


def _since(at: float, locale: str, zone: str) -> str:
    began = datetime.fromtimestamp(at, ZoneInfo(zone))
    return translate(locale, "Since {since} ({zone}).", since=f"{began:%Y-%m-%d %H:%M}", zone=zone)


def _diagnosis(verdict: Verdict | None, locale: str) -> list[str]:
    if verdict is None:
        return []
    words = Words(locale)
    lines = [
        translate(
            locale,
            "Diagnosis: {cause}; whose job: {party} ({confidence:.0%} sure)",
            cause=words.title(Cause(verdict.cause)),
            party=words.word("parties", str(verdict.party)),
            confidence=verdict.confidence,
        )
    ]
    if verdict.contact:
        lines.append(translate(locale, "Call: {contact}", contact=verdict.contact))
    if verdict.next_steps:
        steps = Joined(tuple(verdict.next_steps)).text(locale)
        lines.append(translate(locale, "Next: {steps}", steps=steps))
    return lines


def _shown(text: str, number: str, limit: int) -> str:
    clean = scrub(text, limit)
    if not number:
        return mask_text(clean)
    return number.join(mask_text(part) for part in clean.split(number))


_WHERE: Final[Mapping[Scope, Message]] = {
    Scope.PROVIDER: Message("provider {provider}"),
    Scope.CARRIER: Message("carrier {carrier}"),
    Scope.TRUNK: Message("{provider} behind {binding}"),
    Scope.ACCOUNT: Message("{provider}/{account}"),
}
_WHAT: Final[Mapping[str, Message]] = {
    "provider_outage": Message("are out of service"),
    "carrier_outage": Message("are out of service at several providers"),
    "landing_down": Message("cannot be answered: they share this landing"),
    "numbers_suspended_arrears": Message("are suspended for arrears"),
    "numbers_open_unfunded": Message("have never been funded"),
    "numbers_suspended_requested": Message("are suspended on request"),
    "numbers_frozen": Message("are frozen"),
    "numbers_expired": Message("are out of contract"),
    "numbers_reclaimed": Message("have been reclaimed"),
    "numbers_reclaim": Message("are about to be reclaimed"),
    "numbers_contract": Message("come to the end of their contracts"),
    "numbers_realname": Message("have a real-name problem"),
    "numbers_drift": Message("differ from their approved configuration"),
    "numbers_lint": Message("are configured wrongly"),
    "numbers_redundancy": Message("have one phone left"),
    "numbers_probe_fail_all": Message("are not reached by test calls"),
    "numbers_probe_fail_some": Message("are not reached by test calls from some lines"),
    "numbers_probe_prompt": Message("answer test calls with an announcement"),
    "numbers_probe_setup_slow": Message("are reached too slowly by test calls"),
    "numbers_probe_one_way": Message("answer test calls without sound"),
    "phones_unreachable": Message("have phones that cannot be reached"),
}
_OTHERWISE: Final = Message("have the same trouble: {symptom}")


def annotations_of(subject: Subject) -> dict[str, str]:
    """Summary and description of a common cause, in English and in Chinese."""
    names = ("provider", "account", "carrier", "binding", "symptom")
    fields = {name: getattr(subject, name) for name in names}
    summary = Message(
        "Several numbers of {where} {what}",
        {
            "where": _WHERE[subject.scope].with_values(**fields),
            "what": _WHAT.get(subject.symptom, _OTHERWISE).with_values(**fields),
        },
    )
    description = Message(
        "They broke within a short time of each other and in the same way. One ticket stands"
        " for all of them; its members say which numbers, since when, and which are back."
    )
    return bilingual(summary, description)


def bilingual(summary: Message, description: Message) -> dict[str, str]:
    """Annotations as rule files write them: summary and description in both languages."""
    return {
        f"{name}{suffix}": message.text(locale)
        for name, message in (("summary", summary), ("description", description))
        for locale, suffix in _SUFFIX.items()
    }

"""What sinks that reach people by phone have in common: receivers, what they are told, limits."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum, unique
from typing import Annotated, Literal

from pydantic import Field

from agent.config.secret import Secret
from agent.config.section import Section
from agent.states import Severity
from agent.yamlfile.paths import KeyPath, select
from agent.yamlfile.problems import Problem
from agent.yamlfile.values import Duration, Name

MOST_RECEIVERS = 50
"""Receivers of one sink: each of them is a request of its own, within one attempt."""
MOST_PARAMETERS = 20
"""Variables of one template, as the providers allow."""
_PHONE = re.compile(r"\+?\d{5,20}", re.ASCII)

Event = Literal["opened", "escalated", "resolved", "closed", "reopened"]
"""A step of a ticket that people can be notified of."""
NoticeEvent = Literal[
    "affected", "restored", "province", "city", "leaders", "stalled", "appointment", "assigned"
]
"""What customers, commanders and assignees are told besides."""


@unique
class TextField(StrEnum):
    """What a variable of a template can be filled with."""

    TICKET = "ticket"
    """The ticket's id."""
    CHANGE = "change"
    """What happened to it: new, escalated, restored."""
    SEVERITY = "severity"
    SUBJECT = "subject"
    """The hotline number, or the account, carrier or provider that is broken."""
    CAUSE = "cause"
    """The cause that the diagnosis names, in a few words."""
    TITLE = "title"
    """The ticket's title, in the language of the configuration."""
    COMPANY = "company"
    GRADE = "grade"
    PROVIDER = "provider"


class Receiver(Section):
    """A person who is notified by phone."""

    name: Name
    """The person's name in logs, on pages and in the ledger, where phones never are; unique."""
    phone: Secret
    """The phone, digits with an optional ``+`` and country code. It is never shown."""
    locale: Literal["en", "zh-CN"] | None = None
    """The person's language; without it the configuration's."""


class NotificationSettings(Section):
    """Who is notified of what."""

    receivers: Annotated[list[Receiver], Field(max_length=MOST_RECEIVERS)] = Field(default=[])
    """Everybody who is notified, each in a message of their own."""
    on_call_only: bool = False
    """Whether only those are told whom the ladder of ``on_call`` names, and of the end those who
    were told of the ticket; otherwise every receiver is, of every step."""
    events: list[Event] = Field(default=["opened", "escalated", "resolved", "reopened"])
    """The steps of a ticket that are told; updates never are."""
    severity: Severity = Severity.WARNING
    """The least severity of a ticket that is told."""
    receipts_for: Annotated[Duration, Field(ge=60, le=30 * 86_400)] = 86_400.0
    """How long the provider is asked whether a message arrived; then that stays unknown."""


class TemplateSettings(NotificationSettings):
    """A message of a provider that sends nothing but its approved templates."""

    template: Annotated[str, Field(min_length=1, max_length=64)]
    """The code of the approved template."""
    templates: dict[Event | NoticeEvent, str] = Field(default={})
    """Other templates for single steps of a ticket and for notices (``affected`` and ``restored``
    tell customers), with the same variables."""
    parameter_length: Annotated[int, Field(ge=4, le=500)] = 35
    """Characters that the provider takes in one variable; longer texts are cut."""

    def template_for(self, event: str) -> str:
        """The code of the template that tells ``event``."""
        return {str(name): code for name, code in self.templates.items()}.get(event, self.template)


class CallSettings(TemplateSettings):
    """A call in which the provider reads an approved template aloud."""

    events: list[Event] = Field(default=["opened", "escalated"])
    """The steps of a ticket that are told; updates never are."""
    severity: Severity = Severity.CRITICAL
    """The least severity of a ticket that is told."""
    play_times: Annotated[int, Field(ge=1, le=3)] = 2
    """How often the text is read in a call."""


def check_receivers(path: KeyPath, section: object) -> Iterator[Problem]:
    """Somebody is notified, nobody twice, and every phone is one."""
    if isinstance(section, Mapping) and not section.get("receivers"):
        yield Problem((*path, "receivers"), "is empty, expected a receiver with name and phone")
    seen: set[object] = set()
    for name_path, name in select(section, "receivers", "*", "name", at=path):
        if name in seen:
            yield Problem(name_path, f"{name} is a receiver already, expected another name")
        seen.add(name)
    for phone_path, phone in select(section, "receivers", "*", "phone", at=path):
        text = phone.reveal() if isinstance(phone, Secret) else phone
        if isinstance(text, str) and text.strip() and not _PHONE.fullmatch(text):
            yield Problem(phone_path, "is not a phone, expected digits such as +8613800000000")


def check_parameters(path: KeyPath, section: object) -> Iterator[Problem]:
    """A template has no more variables than providers allow."""
    for parameters_path, parameters in select(section, "parameters", at=path):
        if isinstance(parameters, list | Mapping) and len(parameters) > MOST_PARAMETERS:
            text = f"has {len(parameters)} variables, expected at most {MOST_PARAMETERS}"
            yield Problem(parameters_path, text)

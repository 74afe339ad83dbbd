"""The contact of a responsible party, from the most specific configuration to the general one.

The order is: the number's own contacts, its carrier's, its account's, its provider's, and the
general ones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from agent.config.settings import Contact, Settings
from agent.states import Party

CARRIER_PARTIES: Final = frozenset({Party.BASE_CARRIER, Party.BINDING_CARRIER})
"""Parties that are a carrier, and so have a contact per carrier (docs/reference/domain.md §2)."""
UNKNOWN_CARRIER: Final = "unreported"
"""The carrier of a bound phone that the provider does not report.

It keeps the number's own carrier from being used: bound phones have carriers of their own
(docs/reference/domain.md §1).
"""


@dataclass(frozen=True)
class ContactSubject:
    """The subject of a look-up of contacts; an empty part is unknown or does not matter."""

    provider: str = ""
    account: str = ""
    number: str = ""
    carrier: str = ""
    """The carrier of the number or of the bound phone, whichever the fault is about."""


def contact_for(settings: Settings, party: Party, subject: ContactSubject) -> str:
    """Returns the contact of ``party`` in one line; empty if none is configured."""
    configured = (contacts.get(party, "") for contacts in _by_precedence(settings, subject, party))
    return next(filter(None, configured), "")


def contact_texts(settings: Settings) -> Iterator[str]:
    """Every contact of the configuration, each in one line."""
    yield from map(_line, settings.contacts.values())
    yield from settings.carrier_contacts.values()
    for contacts in settings.number_contacts.values():
        yield from contacts.values()
    for provider in settings.providers:
        yield from provider.contacts.values()
        for account in provider.accounts:
            yield from account.contacts.values()


def _by_precedence(
    settings: Settings, subject: ContactSubject, party: Party
) -> Iterator[Mapping[Party, str]]:
    yield settings.number_contacts.get(subject.number, {})
    if party in CARRIER_PARTIES and subject.carrier in settings.carrier_contacts:
        yield {party: settings.carrier_contacts[subject.carrier]}
    for provider in settings.providers:
        if provider.name == subject.provider:
            for account in provider.accounts:
                if account.id == subject.account:
                    yield account.contacts
            yield provider.contacts
    yield {party: _line(contact) for party, contact in settings.contacts.items()}


def _line(contact: Contact) -> str:
    return " ".join(part for part in (contact.name, contact.phone, contact.email) if part)

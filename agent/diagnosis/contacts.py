"""Whom to call: the number's word over its carrier's, account's, provider's, the general one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.config.settings import Contact, Settings
from agent.states import Party

OF_CARRIERS = frozenset({Party.BASE_CARRIER, Party.BINDING_CARRIER})
"""Parties that are some carrier's desk (domain.md §2, parties)."""


UNTOLD = "untold"
"""The carrier of a bound phone nobody tells: never the hotline number's own (domain.md §1)."""


@dataclass(frozen=True)
class Concern:
    """What a call would be about; empty where it is not known or does not matter."""

    provider: str = ""
    account: str = ""
    number: str = ""
    carrier: str = ""
    """The number's carrier, or the bound phone's, whichever is asked for."""


def contact_for(settings: Settings, party: Party, concern: Concern) -> str:
    """The contact of ``party`` in one line; empty where none is configured."""
    told = (contacts.get(party, "") for contacts in _nearest_first(settings, concern, party))
    return next(filter(None, told), "")


def _nearest_first(
    settings: Settings, concern: Concern, party: Party
) -> Iterator[Mapping[Party, str]]:
    yield settings.number_contacts.get(concern.number, {})
    if party in OF_CARRIERS and concern.carrier in settings.carrier_contacts:
        yield {party: settings.carrier_contacts[concern.carrier]}
    for provider in settings.providers:
        if provider.name == concern.provider:
            yield from (own.contacts for own in provider.accounts if own.id == concern.account)
            yield provider.contacts
    yield {party: _line(contact) for party, contact in settings.contacts.items()}


def _line(contact: Contact) -> str:
    return " ".join(part for part in (contact.name, contact.phone, contact.email) if part)

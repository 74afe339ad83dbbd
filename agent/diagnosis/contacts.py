"""Whom to call: the account's word over the provider's over the general one."""

from agent.config.settings import Contact, Settings
from agent.states import Party


def contact_for(settings: Settings, party: Party, provider: str = "", account: str = "") -> str:
    """The contact of ``party`` in one line; empty where none is configured."""
    for candidate in settings.providers:
        if candidate.name != provider:
            continue
        for own in candidate.accounts:
            if own.id == account and party in own.contacts:
                return own.contacts[party]
        if party in candidate.contacts:
            return candidate.contacts[party]
    general = settings.contacts.get(party)
    return _line(general) if general else ""


def _line(contact: Contact) -> str:
    return " ".join(part for part in (contact.name, contact.phone, contact.email) if part)

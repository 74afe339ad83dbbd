"""What a letter to customers says to each of them: their company and numbers, nobody else's."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from agent.config.notification import Receiver
from agent.config.secret import Secret
from agent.masking import mask_text
from agent.sinks.delivery import Delivery
from agent.tickets.customers.directory import Contact

FindContact = Callable[[str], Awaitable[Contact | None]]
"""A contact by id, as the inventories have it now; ``None`` where they have it no more."""


async def nobody(_contact_id: str) -> Contact | None:
    """Never a contact: where no inventory is at hand."""
    return None


async def receivers_of(delivery: Delivery, find: FindContact) -> list[Receiver]:
    """The contacts that a letter is for, each with its phone, which the ledger does not have."""
    found = [await find(str(customer.get("contact"))) for customer in delivery.customers]
    return [receiver_of(contact) for contact in found if contact is not None and contact.phone]


def receiver_of(contact: Contact) -> Receiver:
    """The contact as a receiver; its name is its id, since no ledger is to have the other."""
    return Receiver.model_construct(
        name=contact.id, phone=Secret(contact.phone), locale=contact.locale or None
    )


def part_for(delivery: Delivery, receiver: str) -> Delivery:
    """What ``delivery`` says to one receiver; all of it where it is no letter to customers."""
    for customer in delivery.customers:
        if customer.get("contact") == receiver:
            return msgspec.structs.replace(delivery, ticket={**delivery.ticket, **_words(customer)})
    return delivery


def _words(customer: Mapping[str, Any]) -> dict[str, Any]:
    numbers = numbers_text(customer)
    return {
        "company": customer.get("company"),
        "grade": customer.get("grade"),
        "number": numbers,
        "title": numbers,
    }


def numbers_text(customer: Mapping[str, Any]) -> str:
    """The first of a customer's numbers, and how many more there are."""
    numbers: Sequence[str] = customer.get("numbers") or ()
    more = int(customer.get("numbers_total") or len(numbers)) - 1
    first = mask_text(str(numbers[0])) if numbers else ""
    return f"{first} +{more}" if more > 0 else first

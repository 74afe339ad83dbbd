"""A notice to one receiver, and the letter that tells several of them by one delivery."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from agent.tickets.document import stamp

_DIGEST_CHARACTERS = 10


class Notice(msgspec.Struct, frozen=True):
    """That one receiver is told once of one event of a ticket. It holds no phone."""

    id: str
    ticket_id: str
    delivery: str
    """The id of the delivery that it is a part of, the same in every attempt."""
    sink: str
    event: str
    receiver: str
    """A receiver of the sink by name, a contact by id, or a company where a group is told."""
    name: str
    """The receiver's name, for people."""
    company: str
    about: str
    """The numbers that it is about."""
    locale: str
    actor: str
    """Who had it sent."""
    turn: int
    """How often the receiver was told before of the end of the same ticket."""
    at: float


class Letter(msgspec.Struct, frozen=True):
    """One delivery with the notices that it carries out."""

    ticket_id: str
    sink: str
    kind: str
    notices: tuple[Notice, ...]
    data: Mapping[str, Any]
    """What is told of the ticket."""
    customers: tuple[Mapping[str, Any], ...] = ()
    """What is told to each customer; as many as there are notices, in the same order."""

    @property
    def id(self) -> str:
        """The id of its delivery, made of what it tells whom; receivers know repeats by it."""
        contents = "\n".join(sorted(it.id for it in self.notices))
        digest = hashlib.sha256(contents.encode()).hexdigest()[:_DIGEST_CHARACTERS]
        return f"{self.ticket_id}_{plain(self.kind)}_{self.sink}_{digest}"

    def without(self, known: Collection[str]) -> "Letter":
        """The letter without the notices that ``known`` has, each with its delivery."""
        fresh = [index for index, it in enumerate(self.notices) if it.id not in known]
        customers = tuple(self.customers[index] for index in fresh) if self.customers else ()
        letter = replace(
            self, notices=tuple(self.notices[index] for index in fresh), customers=customers
        )
        delivery = letter.id
        return replace(
            letter, notices=tuple(replace(it, delivery=delivery) for it in letter.notices)
        )

    def payload(self, now: float) -> bytes:
        """The body of the delivery; its type comes first, as in that of a change."""
        body: dict[str, Any] = {"type": self.kind, "timestamp": stamp(now)}
        if self.customers:
            body["customers"] = self.customers
        else:
            body["receiver"] = self.notices[0].receiver
        return msgspec.json.encode({**body, "data": self.data})


def plain(kind: str) -> str:
    """``kind`` as a part of an id, which has no dots (Standard Webhooks)."""
    return kind.replace(".", "-")

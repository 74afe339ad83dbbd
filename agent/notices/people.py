"""Who of ourselves is to be told of a ticket, besides what the ladder says: pure.

What has to be told again and again is an entry of the timeline, which is written once; the notice
is named after the entry's place in it, so that it is told once, too.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from agent.config.notification import NotificationSettings
from agent.config.settings import Settings
from agent.notices.notice import Letter, Notice, plain
from agent.sinks.quiet_hours import held_until
from agent.sinks.rota import order_at
from agent.tickets.customers.command import Tier
from agent.tickets.dispatch.movement import APPOINTMENT_DUE, NUDGED, last_movement
from agent.tickets.document import document
from agent.tickets.outbox import notice_kinds as kinds
from agent.tickets.ticket import Entry, Ticket

LATEST: Final = 86_400.0
"""Seconds after which what could not be told is told no more: it is another day's work."""
_GIVEN: Final = ("assign", "hand_over")
_LEFT_OUT: Final = ("members", "timeline", "complaints")


class _Address(msgspec.Struct, frozen=True):
    """One person to be told of one event, by every sink that reaches them."""

    kind: str
    occasion: str
    """What tells this event apart from others of its kind."""
    person: str


def dispatch_letters(ticket: Ticket, settings: Settings, now: float) -> list[Letter]:
    """The letters to whoever the ticket was given to, and to whoever it waits for."""
    quiet = None if settings.on_call is None else settings.on_call.quiet_hours
    if held_until(quiet, ticket.severity, ticket.grade, now, settings.timezone) is not None:
        return []
    sinks, addresses = settings.dispatch.sinks, _addresses(ticket, settings, now)
    return _letters(ticket, addresses, sinks, settings, now)


def command_letters(ticket: Ticket, tier: Tier, settings: Settings, now: float) -> list[Letter]:
    """The letters to whoever commands the fault and watches its cities."""
    command = settings.command
    people = [_Address(kinds.PROVINCE, "", it) for it in command.province if tier.province]
    people += [
        _Address(kinds.CITY, "", person)
        for city in tier.cities
        for person in command.cities.get(city, ())
    ]
    if tier.grade is not None:
        people += [
            _Address(kinds.LEADERS, "", person) for person in command.leaders.get(tier.grade, ())
        ]
    return _letters(ticket, dict.fromkeys(people), command.sinks, settings, now)


def _addresses(ticket: Ticket, settings: Settings, now: float) -> Iterator[_Address]:
    moved, nudges, given = last_movement(ticket), 0, _last_given(ticket)
    for place, entry in enumerate(ticket.timeline):
        if entry.event == NUDGED and entry.at >= moved:
            person = _person(ticket, settings, now, nudges)
            nudges += 1
            if person and _is_due(entry, now):
                yield _Address(kinds.STALLED, str(place), person)
        elif entry.event == APPOINTMENT_DUE and _is_due(entry, now):
            if ticket.appointment is not None and (person := _person(ticket, settings, now, 0)):
                yield _Address(kinds.APPOINTMENT, str(place), person)
        elif place == given and _is_due(entry, now) and ticket.assignee:
            yield _Address(kinds.ASSIGNED, str(place), ticket.assignee)


def _is_due(entry: Entry, now: float) -> bool:
    return now - entry.at < LATEST


def _last_given(ticket: Ticket) -> int:
    places = (place for place, it in enumerate(ticket.timeline) if it.event in _GIVEN)
    return max(places, default=-1)


def _person(ticket: Ticket, settings: Settings, now: float, step: int) -> str:
    """Who is reminded at ``step``: the assignee, then who is on call, in the order of the rota."""
    order: Sequence[str] = ()
    if settings.on_call is not None:
        order = order_at(settings.on_call.rota, now, settings.timezone)
    people = [ticket.assignee] if ticket.assignee else []
    people += [person for person in order if person != ticket.assignee]
    return people[step] if step < len(people) else ""


def _letters(
    ticket: Ticket,
    addresses: Iterator[_Address] | dict[_Address, None],
    sinks: Sequence[str],
    settings: Settings,
    now: float,
) -> list[Letter]:
    known = {sink: _receivers(settings, sink) for sink in sinks}
    pairs = [(it, sink) for it in addresses for sink in sinks if it.person in known[sink]]
    if not pairs:
        return []
    data = {key: it for key, it in document(ticket, now).items() if key not in _LEFT_OUT}
    return [
        Letter(ticket.id, sink, it.kind, (_notice(ticket, it, sink, settings, now),), data)
        for it, sink in pairs
    ]


def _receivers(settings: Settings, name: str) -> set[str]:
    for sink in settings.sinks:
        section = sink.optional_section(NotificationSettings) if sink.name == name else None
        if section is not None:
            return {receiver.name for receiver in section.receivers}
    return set()


def _notice(ticket: Ticket, address: _Address, sink: str, settings: Settings, now: float) -> Notice:
    occasion = f"{plain(address.kind)}{address.occasion}"
    return Notice(
        id=f"{ticket.id}_{occasion}_{sink}_{address.person}",
        ticket_id=ticket.id,
        delivery="",
        sink=sink,
        event=address.kind,
        receiver=address.person,
        name=address.person,
        company="",
        about=ticket.subject.number,
        locale=settings.locale,
        actor="numwatch",
        turn=0,
        at=now,
    )

"""Why the members of a ticket belong together: what they share, and when they broke; pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from agent.i18n import LOCALES, Joined, Message
from agent.states import NumberState, Scope
from agent.tickets.decide.common_cause import NUMBERS, PHONES
from agent.tickets.ticket import Subject, Ticket

_SHARED: Final[Mapping[str, Message]] = {
    "provider_api": Message(
        "What is known of them comes from the same interface, which does not answer."
    ),
    "provider_outage": Message("They are out of service in the same way at the same provider."),
    "carrier_outage": Message(
        "They are out of service on the same base carrier, at several providers."
    ),
    "landing_down": Message("Their calls end at the same trunk or the same phone."),
    "balance": Message("Their account has no money left, and their state comes of that."),
    "number_down": Message("The number is out of service, and the rest comes of that."),
    "network_mismatch": Message(
        "The network does not carry the number, and the rest comes of that."
    ),
    "binding_down": Message("No phone of the number can be reached, and the rest comes of that."),
    "busy_rate": Message("The lines of the number are busy, and the rest comes of that."),
    "probe_fail_all": Message("Test calls to the number fail, and the rest comes of that."),
    "probe_fail_some": Message(
        "Test calls to the number fail from some lines, and the rest comes of that."
    ),
    "capacity": Message(
        "The lines of the number are nearly all taken, and the rest comes of that."
    ),
}
"""By the ticket's symptom, what its members share."""
_ONE_PHONE: Final = Message("It is the lost phone that leaves the number with a single one.")
_SAME_STATE: Final = Message("They are in the same state, in the same account.")
_SAME_PHONES: Final = Message("Their phones are in the same state, in the same account.")
_SAME_TROUBLE: Final = Message("They have the same trouble, in the same account.")
_EXPLAINED: Final = Message("They are explained by the same fault.")
_AT_ONCE: Final = Message("They were noticed at the same time.")
_APART: Final = Message("They were noticed within {minutes} minutes.")
_MINUTE: Final = 60.0


def members_share(ticket: Ticket) -> dict[str, str]:
    """Why the present members of ``ticket`` belong together, by locale; empty without members.

    Of a ticket that is over it is said of all who were members.
    """
    present = [it for it in ticket.members if it.left_at is None] or ticket.members
    return why_together(ticket.subject, [it.joined_at for it in present])


def why_together(subject: Subject, joined: Sequence[float]) -> dict[str, str]:
    """Why members of a ticket of ``subject``, who joined at these times, belong together.

    By locale; empty without members.
    """
    if not joined:
        return {}
    parts = (_shared(subject), *_when(joined))
    return {locale: Joined(parts, " ").text(locale) for locale in LOCALES}


def _shared(subject: Subject) -> Message:
    symptom = subject.symptom
    if subject.scope is Scope.BINDING or symptom == "redundancy":
        return _ONE_PHONE
    if symptom.startswith(PHONES):
        return _SAME_PHONES
    if symptom.startswith(NUMBERS):
        is_state = symptom.removeprefix(NUMBERS) in NumberState.__members__.values()
        return _SAME_STATE if is_state else _SAME_TROUBLE
    return _SHARED.get(symptom, _EXPLAINED)


def _when(joined: Sequence[float]) -> tuple[Message, ...]:
    if len(joined) == 1:
        return ()
    apart = max(joined) - min(joined)
    if apart < _MINUTE:
        return (_AT_ONCE,)
    return (_APART.with_values(minutes=-int(-apart // _MINUTE)),)

"""The ticket as the ledger keeps it (contracts.md, Ticket; domain.md §3).

Immutable: a change is a new ticket with the next revision. Times are seconds since the epoch
(UTC). ``agent.tickets.document`` turns one into the JSON that sinks and the API show.
"""

from collections.abc import Mapping

import msgspec

from agent.complaints.complaint import Complaint
from agent.model import Verdict
from agent.states import ClockName, Grade, Scope, Severity, Stage
from agent.tickets.forms import Confirmation, Waiver
from agent.tickets.sla.clocks import ClockEvent


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What is broken: a scope, what identifies it there, and the symptom's family."""

    scope: Scope
    symptom: str
    provider: str = ""
    account: str = ""
    number: str = ""
    binding: str = ""
    """For a shared landing its own id (:func:`agent.tickets.landing.landing_id`)."""
    carrier: str = ""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One line of a ticket's timeline."""

    at: float
    actor: str
    event: str
    reason: str


class Member(msgspec.Struct, frozen=True, gc=False):
    """Something that is down because of the ticket's fault, from when to when."""

    key: str
    """The key a ticket of its own would have."""
    subject: Subject
    joined_at: float
    left_at: float | None = None
    left_for: str = ""
    """Why it left: ``restored``, ``other_cause``, or ``closed`` with the ticket."""


class Warned(msgspec.Struct, frozen=True, gc=False):
    """A warning that was given: never given twice, also when the machine's clock steps back."""

    clock: ClockName
    grade: Grade
    percent: int
    at: float


class Severe(msgspec.Struct, frozen=True, gc=False):
    """A severe fault (domain.md §3): since when it is one, why, and whether it is scored."""

    since: float
    reason: str
    excluded: str = ""
    """Why it is not scored: the responsibility is the customer's. Empty while it is."""


class Progress(msgspec.Struct, frozen=True, gc=False):
    """How far the recovery has been seen."""

    judged_until: float = 0.0
    """Facts polled up to this time have been judged; only newer ones count."""
    good_polls: int = 0
    good_since: float | None = None
    """When the first of the good polls in a row was seen."""
    verified_at: float | None = None
    """When enough good polls had been seen; the hold runs from here."""
    blind: bool = False
    """The alert stopped and the facts give no evidence either way."""
    flaps: int = 0
    """How often the fault came back while it was being held."""
    gone_since: float | None = None
    """When what is broken was first seen to be there no more."""


class Text(msgspec.Struct, frozen=True, gc=False):
    """What people read first, in the configured locale."""

    title: str = ""
    description: str = ""


class Ticket(msgspec.Struct, frozen=True):
    """One episode of one fault."""

    id: str
    key: str
    episode: int
    subject: Subject
    stage: Stage
    severity: Severity
    grade: Grade
    started_at: float
    """When the condition was first seen true."""
    detected_at: float
    """When the ticket was opened; clocks run from the first alarm or report."""
    revision: int = 1
    alerts: tuple[str, ...] = ()
    """Names of the alerts that tell of the fault."""
    text: Text = Text()
    company: str = ""
    carrier: str = ""
    diagnosis: Verdict | None = None
    diagnosed_at: float = 0.0
    members: tuple[Member, ...] = ()
    clocks: tuple[ClockEvent, ...] = ()
    """The clock ledger; :func:`agent.tickets.sla.clocks.readings` tells what it comes to."""
    progress: Progress = Progress()
    parent: str = ""
    """Id of the ticket this one was suppressed for."""
    previous: str = ""
    """Id of the ticket of the episode before."""
    outcome: str = ""
    resolution: str = ""
    """Why it was closed (:class:`~agent.tickets.forms.Resolution`)."""
    closed_by: str = ""
    """Who closed it; empty while it is open and when the agent did."""
    muted: bool = False
    """Closed by a person while its fault goes on, which opens nothing until it is over."""
    restored_at: float | None = None
    closed_at: float | None = None
    changed_at: float = 0.0
    timeline: tuple[Entry, ...] = ()
    provider_ticket: str = ""
    """The number under which the provider has accepted the fault."""
    appointment: float | None = None
    """When somebody is expected on site."""
    confirmation: Confirmation | None = None
    waiver: Waiver | None = None
    """Why the ticket may be closed without a confirmation."""
    muted_until: float | None = None
    """Until then the sinks hear of nothing but its end."""
    severe: Severe | None = None
    warned: tuple[Warned, ...] = ()
    responsible: str = ""
    """Whose fault a person says it is; one of ``agent.tickets.forms.Responsibility``."""
    graded_by: str = ""
    """Who set the grade by hand; empty where the provider's facts and the settings do."""
    answers: Mapping[str, str] = {}
    """What people have found out, by the diagnosis' questions."""
    complaints: tuple[Complaint, ...] = ()
    """What callers said of it, in the order in which it was heard here."""

    @property
    def open(self) -> bool:
        """Whether the ticket still stands."""
        return self.stage not in ENDED


ENDED = frozenset({Stage.CLOSED, Stage.REJECTED})
"""Stages in which a ticket stands no more."""

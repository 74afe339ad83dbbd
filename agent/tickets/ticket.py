"""The ticket as the ledger stores it (docs/reference/domain.md §3).

Immutable: a change is a new ticket with the next revision. Times are seconds since the epoch
(UTC). Field names are stored; ``agent.tickets.document`` has the JSON that sinks and the API show.
"""

from collections.abc import Mapping

import msgspec

from agent.complaints.complaint import Complaint
from agent.states import ClockName, Grade, Scope, Severity, Stage
from agent.tickets.forms import Confirmation, QualityCheck, Visit, Waiver
from agent.tickets.joint_test import JointTest
from agent.tickets.sla.clocks import ClockEvent
from agent.verdict import Verdict

OTHER_CAUSE = "other_cause"
"""Why a member leaves its ticket: something else explains it, or nothing does."""


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What is broken: a scope, what identifies the thing within it, and the symptom's family."""

    scope: Scope
    symptom: str
    provider: str = ""
    account: str = ""
    number: str = ""
    binding: str = ""
    """The phone's id; for a shared landing :class:`agent.tickets.landing_ids.LandingIds`."""
    carrier: str = ""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry of a ticket's timeline."""

    at: float
    actor: str
    event: str
    reason: str


class Member(msgspec.Struct, frozen=True, gc=False):
    """A subject that is broken because of the ticket's fault, for as long as it is."""

    key: str
    """The key that a ticket of its own would have."""
    subject: Subject
    joined_at: float
    left_at: float | None = None
    left_for: str = ""
    """Why it left: ``restored``, ``other_cause``, ``gone``, or ``closed`` with the ticket."""


class Warned(msgspec.Struct, frozen=True, gc=False):
    """A warning that was given; it is not repeated when the machine's clock is set back."""

    clock: ClockName
    grade: Grade
    percent: int
    at: float


class Severe(msgspec.Struct, frozen=True, gc=False):
    """A severe fault (docs/reference/domain.md §3): since when, why, and whether it is scored."""

    since: float
    reason: str
    excluded: str = ""
    """Why it is not scored: the responsibility is the customer's. Empty while it is scored."""


class Progress(msgspec.Struct, frozen=True, gc=False):
    """The progress of the recovery."""

    judged_until: float = 0.0
    """Facts polled up to this time have been evaluated; only newer ones count."""
    good_polls: int = 0
    good_since: float | None = None
    """When the first of the consecutive good polls was seen."""
    verified_at: float | None = None
    """When enough good polls had been seen; the hold runs from then on."""
    blind: bool = False
    """The alert ended and the facts are no evidence either way."""
    flaps: int = 0
    """How often the fault came back during the hold."""
    gone_since: float | None = None
    """When the subject was first seen to be gone."""


class Text(msgspec.Struct, frozen=True, gc=False):
    """What people read first, in the configured locale."""

    title: str = ""
    description: str = ""
    others: Mapping[str, tuple[str, str]] = {}
    """By each other locale, the title and what the alert says, for readers of that language."""


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
    """When the condition first held."""
    detected_at: float
    """When the ticket was opened; clocks run from the first alarm or report."""
    revision: int = 1
    alerts: tuple[str, ...] = ()
    """Names of the alerts that fire for the fault."""
    text: Text = Text()
    company: str = ""
    carrier: str = ""
    diagnosis: Verdict | None = None
    diagnosed_at: float = 0.0
    members: tuple[Member, ...] = ()
    clocks: tuple[ClockEvent, ...] = ()
    """The events of the clocks; :func:`agent.tickets.sla.clocks.readings` evaluates them."""
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
    """Closed by a person for good: the lasting fault opens nothing until it is over."""
    restored_at: float | None = None
    closed_at: float | None = None
    changed_at: float = 0.0
    timeline: tuple[Entry, ...] = ()
    provider_ticket: str = ""
    """The number under which the provider has accepted the fault."""
    appointment: float | None = None
    """When somebody is expected on site."""
    visits: tuple[Visit, ...] = ()
    """The visits on site in their order, the one that is still to come last."""
    confirmation: Confirmation | None = None
    waiver: Waiver | None = None
    """Why the ticket may be closed without a confirmation."""
    muted_until: float | None = None
    """Until then the sinks receive nothing but its end."""
    severe: Severe | None = None
    warned: tuple[Warned, ...] = ()
    responsible: str = ""
    """Who is responsible, according to a person; one of ``agent.tickets.forms.Responsibility``."""
    graded_by: str = ""
    """Who set the grade by hand; empty where the provider's facts and the settings do."""
    assignee: str = ""
    """The person who has the ticket; empty while nobody has."""
    answers: Mapping[str, str] = {}
    """People's answers by the diagnosis' questions."""
    rule_gone: str = ""
    """Name of the rule that reported the fault and is gone from the rule files. Nothing watches
    the fault any more, so the ticket stays open until a person decides or an alert fires for it
    again; empty otherwise."""
    repeats: int = 0
    """How many tickets of the same cause its number has had within 30 days, where that is often."""
    elsewhere: tuple[Subject, ...] = ()
    """The same number at other accounts that list it too and reported the fault as well: it is not
    over while it is not over there."""
    complaints: tuple[Complaint, ...] = ()
    """Complaints of callers in the order in which they were received."""
    quality: tuple[QualityCheck, ...] = ()
    """The quality checks of its handling, the oldest first."""
    joint_test: JointTest | None = None
    """The newest joint test by test calls; ``None`` before the first."""

    @property
    def open(self) -> bool:
        """Whether the ticket is neither closed nor rejected."""
        return self.stage not in ENDED


ENDED = frozenset({Stage.CLOSED, Stage.REJECTED})
"""Stages of a ticket that is over."""

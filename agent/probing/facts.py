"""Test calls as facts: what is stored of each, and what several in a row say of a number.

Nothing is concluded from a call that went in an unknown way, nor from one whose line is at fault or
could not be checked: such a call is no failure and no success.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum, unique

import msgspec

from agent.probing.outcome import SUCCESSFUL, CallOutcome


@unique
class Purpose(StrEnum):
    """Why a test call was made."""

    MANUAL = "manual"
    """A person asked for it."""
    PLAN = "plan"
    """A plan of the configuration did; the reference is its name."""
    ACCEPTANCE = "acceptance"
    """It is one of an acceptance matrix; the reference is the acceptance."""
    JOINT_TEST = "joint_test"
    """A ticket is confirmed by it; the reference is the ticket."""
    CONTROL = "control"
    """It went to the control number, to see whether the line works."""


@unique
class Control(StrEnum):
    """What the control number said of the line from which a call was made."""

    NOT_NEEDED = "not_needed"
    """The call got through: the line works."""
    NOT_CONFIGURED = "not_configured"
    PASSED = "passed"
    """The control number answered, just before or after."""
    FAILED = "failed"
    """It did not: the line is at fault, and the call says nothing of the number."""
    UNKNOWN = "unknown"
    """It could not be called, or how that call went is not known."""


_BELIEVED = frozenset({Control.NOT_NEEDED, Control.NOT_CONFIGURED, Control.PASSED})


class ProbeCall(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One test call as it is stored. No phone is in it but the number that was called."""

    id: str
    at: float
    """When it began, epoch seconds."""
    number: str
    caller: str
    outcome: CallOutcome
    provider: str = ""
    """The account's provider; empty for the control number where no account has it."""
    account: str = ""
    confidence: float = 0.0
    purpose: Purpose = Purpose.MANUAL
    reference: str = ""
    """What it was made for: a plan, an acceptance or a ticket."""
    control: Control = Control.NOT_CONFIGURED
    evidence: tuple[str, ...] = ()
    """What decided, the strongest first, such as ``q850:17``."""
    prompt: str = ""
    """The announcement that was recognized, by the name it was enrolled under."""
    prompt_confidence: float = 0.0
    words: str = ""
    """What was said before any answer, as a machine wrote it down; phones in it are masked."""
    sip_status: int = 0
    sip_phrase: str = ""
    q850_cause: int | None = None
    forwarded: bool = False
    setup: float | None = None
    """Seconds until something was heard of the far end."""
    answered: float | None = None
    """Seconds until the answer."""
    duration: float = 0.0
    ended: str = ""
    """Who ended it, a value of :class:`agent.probing.observation.Ended`."""
    packets: int = 0
    lost: int = 0
    mos: float | None = None
    carrier: str = ""
    """The caller's carrier at that time, as configured."""
    area: str = ""
    """The caller's area code."""
    kind: str = ""
    """``mobile`` or ``landline``."""

    @property
    def is_judged(self) -> bool:
        """Whether anything is concluded from it about the number."""
        return self.outcome is not CallOutcome.UNKNOWN and self.control in _BELIEVED

    @property
    def got_through(self) -> bool:
        """Whether it shows that calls get through."""
        return self.is_judged and self.outcome in SUCCESSFUL

    @property
    def failed(self) -> bool:
        """Whether it shows that this call did not."""
        return self.is_judged and self.outcome not in SUCCESSFUL


CallsByNumber = Mapping[str, tuple[ProbeCall, ...]]
"""The newest test calls of an account's numbers, the newest first."""


def by_caller(calls: Iterable[ProbeCall]) -> dict[str, list[ProbeCall]]:
    """The calls of each caller, in the order given."""
    found: dict[str, list[ProbeCall]] = {}
    for call in calls:
        found.setdefault(call.caller, []).append(call)
    return found


def judged(calls: Iterable[ProbeCall]) -> list[ProbeCall]:
    """The calls from which anything is concluded, in their order."""
    return [call for call in calls if call.is_judged]


def failed_in_a_row(calls: Sequence[ProbeCall]) -> int | None:
    """How many of one caller's calls, newest first, failed since one got through.

    ``None`` where nothing is known: no call of them is judged.
    """
    known = judged(calls)
    if not known:
        return None
    return next((count for count, call in enumerate(known) if call.got_through), len(known))

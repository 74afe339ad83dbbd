"""The section of test calls: who may call, when, how often, and with whose consent."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from agent.config.acceptance import Acceptance
from agent.config.dial_plans import DEFAULT_BUDGET, DEFAULT_HOURS, DialPlan, JointTest
from agent.config.secret import Secret
from agent.config.section import HostName, Section
from agent.config.service import Hours
from agent.config.speech import Speech
from agent.config.unvalidated import UnvalidatedConfig
from agent.yamlfile.duration import parse_duration
from agent.yamlfile.paths import select
from agent.yamlfile.problems import Problem
from agent.yamlfile.schema import ValueType
from agent.yamlfile.values import Duration, Name

_TRUNK = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})", re.ASCII)
_HIGHEST_PORT = 65535
_LONGEST = 45.0
_LISTEN = 6.0
_STALE_AFTER = 86_400.0
_KEEP = 90.0 * 86_400
_DIGITS = r"^\+?[0-9]{3,20}$"


def trunk_address(value: str) -> str:
    """Returns ``value`` if it is the ``HOST:PORT`` of a SIP trunk or gateway.

    Raises:
        ValueError: when it is not.
    """
    match = _TRUNK.fullmatch(value)
    if match is None or not 0 < int(match[2]) <= _HIGHEST_PORT:
        raise ValueError("is not the address of a trunk")
    return value


Trunk = Annotated[
    str,
    AfterValidator(trunk_address),
    ValueType("HOST:PORT", "HOST:PORT such as 192.0.2.10:5060", pattern=r":\d+$"),
]
Digits = Annotated[
    str, Field(pattern=_DIGITS), ValueType("number", "digits such as 4001234567, in quotes")
]
SipUser = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9+_.-]{1,64}$"),
    ValueType("SIP user", "letters, digits, plus, dots, dashes or underscores, at most 64"),
]
Consent = Annotated[
    str,
    Field(pattern=r"\S", max_length=200),
    ValueType("consent", "who agreed to be called, and when"),
]


class Caller(Section):
    """A line from which test calls are made: a SIP trunk, or a gateway with a SIM card."""

    name: Name
    """Its name in metrics and on the command line; unique."""
    trunk: Trunk
    """Where its calls are sent by SIP over UDP, ``HOST:PORT``."""
    user: SipUser
    """The user that calls, mostly the line's own number."""
    domain: HostName | None = None
    """The domain of that user; the trunk's host where it is not given."""
    password: Secret | None = None
    """The password, where the trunk asks for one."""
    auth_user: SipUser | None = None
    """The user that the password belongs to, where it is another one."""
    local_address: HostName | None = None
    """The address or interface of this machine to call from; ``127.0.0.1`` for a trunk on it."""
    prefix: Annotated[str, Field(pattern=r"^[0-9+*#]{0,10}$")] = ""
    """What is dialled before the number, such as an area code or an outside line."""
    carrier: Annotated[str, Field(max_length=30)] = ""
    """The carrier of the line, such as ``unicom``, ``telecom`` or ``mobile``."""
    area: Annotated[str, Field(pattern=r"^[0-9]{0,5}$")] = ""
    """The area code from which it calls, in quotes."""
    kind: Literal["mobile", "landline"] = "landline"
    """What kind of line it is."""
    consent: Consent
    """Who agreed that the numbers behind them are called for tests; without it nobody is."""
    concurrency: Annotated[int, Field(ge=1, le=10)] = 1
    """Calls at once."""
    daily_budget: Annotated[int, Field(ge=0, le=10_000)] = DEFAULT_BUDGET
    """Calls in a day of UTC+8; each is charged before it is made."""
    hours: Annotated[list[Hours], Field(min_length=1, max_length=10)] = Field(
        default=list(DEFAULT_HOURS)
    )
    """When it may call, in the agent's ``timezone``."""


class Prompt(Section):
    """What the called side hears from us: who calls, and that it is a test."""

    file: str | None = None
    """A WAV file of 16 bits and at most 20 seconds; without one, three short tones are played."""
    synthetic: bool = False
    """Whether it is synthetic speech: it is then marked as such by a rhythm before it."""


class NumberHours(Section):
    """When one number may be called for tests."""

    number: Digits
    """The number, in quotes."""
    hours: Annotated[list[Hours], Field(min_length=1, max_length=10)]
    """Periods of the day, in the agent's ``timezone``."""


class Dial(Section):
    """Test calls: a number is called, and what a caller hears is recognized."""

    callers: Annotated[list[Caller], Field(max_length=100)] = Field(default=[])
    """The lines from which test calls are made; without any, none are."""
    control_number: Digits | None = None
    """A number that always answers: where calls to it fail too, the line is at fault."""
    prompt: Prompt = Prompt()
    """What the called side hears: who calls, and that it is a test."""
    longest: Annotated[Duration, Field(ge=5, le=180)] = _LONGEST
    """The longest a test call takes, ringing included."""
    listen: Annotated[Duration, Field(ge=1, le=60)] = _LISTEN
    """How long is listened after the answer before we hang up."""
    stale_after: Annotated[Duration, Field(ge=600, le=30 * 86_400)] = _STALE_AFTER
    """How long something is concluded from a test call."""
    keep: Annotated[Duration, Field(ge=600, le=3660 * 86_400)] = _KEEP
    """How long test calls are kept; never shorter than something is concluded from them."""
    recordings: Annotated[Duration, Field(ge=600, le=400 * 86_400)] = 30.0 * 86_400
    """How long what was heard in test calls is kept, and their SIP messages: people speak in
    them."""
    number_hours: Annotated[list[NumberHours], Field(max_length=10_000)] = Field(default=[])
    """When numbers may be called, where their providers do not say."""
    plans: Annotated[list[DialPlan], Field(max_length=100)] = Field(default=[])
    """Numbers that are called again and again, so that a fault is heard before a caller hears
    it."""
    acceptance: Acceptance = Acceptance()
    """Test calls by which a number is accepted, such as a new one before it is taken over."""
    joint_test: JointTest = JointTest()
    """Test calls of a number before its ticket is confirmed."""
    country: Literal["CN", "DE", "FR", "GB", "US"] = "CN"
    """Whose ringback, busy and congestion tones are heard."""
    fingerprints: str = "fingerprints"
    """The folder of announcements that ``numwatch dial enrol`` adds to."""
    speech: Speech | None = None
    """Speech recognition of announcements that nobody enrolled; without it there is none."""

    def hours_of(self, number: str) -> tuple[str, ...]:
        """When ``number`` may be called; empty where nothing is configured."""
        return tuple(it for each in self.number_hours if each.number == number for it in each.hours)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything of the callers that must never be shown."""
        return tuple(caller.password for caller in self.callers if caller.password is not None)


def _seconds(value: object) -> float | None:
    try:
        return float(parse_duration(value))
    except (TypeError, ValueError):
        return None  # Reported where values are validated.


def dial_is_consistent(config: UnvalidatedConfig) -> Iterator[Problem]:
    """A call outlasts its listening, and the prompt is there."""
    for path, section in select(config.data, "dial"):
        if not isinstance(section, dict):
            continue
        longest = _seconds(section.get("longest", _LONGEST))
        listen = _seconds(section.get("listen", _LISTEN))
        if longest is not None and listen is not None and longest <= listen:
            key = "listen" if "listen" in section else "longest"
            text = "leaves no time to ring, expected listen to be shorter than longest"
            yield Problem((*path, key), text)
        keep = _seconds(section.get("keep", _KEEP))
        stale_after = _seconds(section.get("stale_after", _STALE_AFTER))
        if keep is not None and stale_after is not None and keep < stale_after:
            key = "keep" if "keep" in section else "stale_after"
            text = "does not fit, expected keep to be at least as long as stale_after"
            yield Problem((*path, key), text)
    for path, name in select(config.data, "dial", "prompt", "file"):
        if isinstance(name, str) and not (config.folder / name).is_file():
            yield Problem(path, "there is no such file, expected a WAV file")

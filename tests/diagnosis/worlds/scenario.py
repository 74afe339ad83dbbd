"""A fault scenario: numbers at providers, the events, and the correct verdict."""

from dataclasses import dataclass, field, replace
from typing import Any

from agent.states import PARTY_OF_CAUSE, Cause, Party

ONE = "{n}1"
"""The number that is diagnosed; ``{n}`` stands for the digits of the scenario."""


@dataclass(frozen=True)
class Said:
    """What one caller reported."""

    words: str
    who: str
    caller: str = ""


@dataclass(frozen=True)
class Scenario:
    """One scenario of the catalogue, in the notation of a world file."""

    name: str
    cause: Cause
    providers: tuple[dict[str, Any], ...]
    """The providers; the number diagnosed is the first number of the first one."""
    events: tuple[dict[str, Any], ...] = ()
    """Entries of the timeline, which follow a first poll without any fault."""
    caller: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    reports: tuple[Said, ...] = ()
    """What callers have reported of the number."""
    expected_party: Party | None = None
    noise: str = "no noise"
    view: str = ""
    """Which parts of its interface the provider lacks (``runner.VIEWS``); empty for none."""
    polls: int = 1
    """How often it is polled after the events."""
    polled_before: bool = True
    """Whether it is polled before the events too."""

    @property
    def party(self) -> Party:
        """Whose responsibility it is."""
        return self.expected_party or PARTY_OF_CAUSE[self.cause]

    @property
    def label(self) -> str:
        """The name of the scenario in reports."""
        dialect = self.providers[0]["dialect"]
        interface = f"{dialect} {self.view}".strip()
        return f"{self.cause}: {self.name} ({interface}, {self.noise})"

    def with_noise(self, noise: str, *entries: dict[str, Any]) -> "Scenario":
        """The same scenario with events that are not the cause."""
        return replace(self, noise=noise, events=(*self.events, *entries))


def phone(position: int, state: str = "ok", **more: Any) -> dict[str, Any]:
    """A bound phone: the first a mobile, the second a landline, then mobiles."""
    number = "022{p}87" if position == 2 else f"138{{p}}0{position}"
    kind = "landline" if position == 2 else "mobile"
    entry = {
        "id": f"b{position}",
        "phone": number,
        "kind": kind,
        "position": position,
        "state": state,
    }
    return {**entry, **more}


def number(name: str = ONE, *states: str, routing: dict[str, Any] | None = None, **more: Any):
    """A number; without states it has two phones that are reachable."""
    bound = [phone(position, state) for position, state in enumerate(states or ("ok", "ok"), 1)]
    return {
        "number": name,
        "company": "示例公司",
        "routing": {"wait_seconds": 20, **(routing or {})},
        "bindings": bound,
        **more,
    }


def calls(per_hour: float = 480, **results: float) -> dict[str, Any]:
    """Calls with the given shares of results."""
    return {"calls": {"per_hour": per_hour, "results": results}}


WELL = calls(answered=0.93, no_answer=0.05, busy=0.02)


def provider(
    *numbers: dict[str, Any], suffix: str = "a", dialect: str = "generic", **account: Any
) -> dict[str, Any]:
    """A provider with one account."""
    entry = {"id": "hq", "balance": 900, "daily_spend": 3, "numbers": list(numbers), **account}
    return {"suffix": suffix, "dialect": dialect, "accounts": [entry]}


def to_number(values: dict[str, Any], name: str = ONE) -> dict[str, Any]:
    """An event that changes a number."""
    return {"number": name, "set": values}


def to_phone(binding: str, state: str, name: str = ONE) -> dict[str, Any]:
    """An event that changes a phone."""
    return {"number": name, "binding": binding, "set": {"state": state}}


def to_account(values: dict[str, Any], suffix: str = "a") -> dict[str, Any]:
    """An event that changes an account."""
    return {"account": f"{{w}}{suffix}/hq", "set": values}


def failing(kind: str, suffix: str = "a", **more: Any) -> dict[str, Any]:
    """An event that makes a provider's interface fail."""
    return {"provider": f"{{w}}{suffix}", "fault": {"kind": kind, **more}}

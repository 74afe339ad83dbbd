"""What a fault world is: numbers at providers, what happens to them, and the right verdict."""

from dataclasses import dataclass, field, replace
from typing import Any

from agent.states import PARTY_OF_CAUSE, Cause, Party

ONE = "{n}1"
"""The number that is asked about, before the world gets its own digits."""


@dataclass(frozen=True)
class Scene:
    """One world of the catalogue; numbers are written with ``{n}`` for the world's own digits."""

    name: str
    cause: Cause
    providers: tuple[dict[str, Any], ...]
    """As in a world file; the number asked about is the first one's first."""
    then: tuple[dict[str, Any], ...] = ()
    """Entries of the timeline, after everything was polled once while all was well."""
    caller: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    party_is: Party | None = None
    noise: str = "no noise"
    view: str = ""
    """Which parts of its interface the provider has; empty for all (``stage.VIEWS``)."""
    looks: int = 1
    """How often it is looked at in the end."""
    seen_before: bool = True
    """Whether the agent saw it before ``then``; else the first look is the only one."""

    @property
    def party(self) -> Party:
        """Whose job it is."""
        return self.party_is or PARTY_OF_CAUSE[self.cause]

    @property
    def label(self) -> str:
        """Its name in reports."""
        dialect = self.providers[0]["dialect"]
        seen = f"{dialect} {self.view}".strip()
        return f"{self.cause}: {self.name} ({seen}, {self.noise})"

    def with_noise(self, noise: str, *entries: dict[str, Any]) -> "Scene":
        """The same, with something beside it that is not the cause."""
        return replace(self, noise=noise, then=(*self.then, *entries))


def phone(place: int, state: str = "ok", **more: Any) -> dict[str, Any]:
    """A bound phone: the first a mobile, the second a landline, then mobiles."""
    number = "022{p}87" if place == 2 else f"138{{p}}0{place}"
    kind = "landline" if place == 2 else "mobile"
    made = {"id": f"b{place}", "phone": number, "kind": kind, "position": place, "state": state}
    return {**made, **more}


def number(name: str = ONE, *states: str, routing: dict[str, Any] | None = None, **more: Any):
    """A number; without states it has two phones that are well."""
    bound = [phone(place, state) for place, state in enumerate(states or ("ok", "ok"), 1)]
    return {
        "number": name,
        "company": "示例公司",
        "routing": {"wait_seconds": 20, **(routing or {})},
        "bindings": bound,
        **more,
    }


def calls(per_hour: float = 480, **results: float) -> dict[str, Any]:
    """Calls that end as ``results`` say."""
    return {"calls": {"per_hour": per_hour, "results": results}}


WELL = calls(answered=0.93, no_answer=0.05, busy=0.02)


def provider(
    *numbers: dict[str, Any], place: str = "a", dialect: str = "generic", **account: Any
) -> dict[str, Any]:
    """A provider with one account."""
    made = {"id": "hq", "balance": 900, "daily_spend": 3, "numbers": list(numbers), **account}
    return {"place": place, "dialect": dialect, "accounts": [made]}


def to_number(values: dict[str, Any], name: str = ONE) -> dict[str, Any]:
    """Something that happens to a number."""
    return {"number": name, "set": values}


def to_phone(binding: str, state: str, name: str = ONE) -> dict[str, Any]:
    """Something that happens to a phone."""
    return {"number": name, "binding": binding, "set": {"state": state}}


def to_account(values: dict[str, Any], place: str = "a") -> dict[str, Any]:
    """Something that happens to an account."""
    return {"account": f"{{w}}{place}/hq", "set": values}


def failing(kind: str, place: str = "a", **more: Any) -> dict[str, Any]:
    """An interface that goes wrong."""
    return {"provider": f"{{w}}{place}", "fault": {"kind": kind, **more}}

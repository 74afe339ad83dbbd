"""Ticket stories in words: rounds of alerts, and the tickets that they make."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from agent.model import Alert, Listing, PollStatus, Snapshot
from agent.states import Capability, NumberState, PollFailure, Stage
from agent.tickets.ledger import Filter
from agent.tickets.ticket import Member, Ticket
from tests.tickets.driver import Run
from tests.tickets.scene import START, Scene, alert

KINDS = {
    "api": ("ProviderApiDown", "provider", "provider_api", "critical"),
    "carrier": ("CarrierOutage", "carrier", "carrier_outage", "critical"),
    "provider": ("ProviderOutage", "provider", "provider_outage", "critical"),
    "stop": ("BalanceStop", "account", "balance", "critical"),
    "low": ("BalanceLow", "account", "balance", "warning"),
    "cap": ("SpendCapNear", "account", "spend_cap", "warning"),
    "down": ("NumberNotActive", "number", "number_down", "critical"),
    "mismatch": ("NetworkStateMismatch", "number", "network_mismatch", "critical"),
    "move": ("IllegalTransition", "number", "illegal_transition", "warning"),
    "phones": ("AllBindingsDown", "number", "binding_down", "critical"),
    "phone": ("BindingDown", "binding", "binding_down", "warning"),
    "redundancy": ("RedundancyLost", "number", "redundancy", "warning"),
    "busy": ("BusyRateHigh", "number", "busy_rate", "warning"),
    "capacity": ("CapacityNear", "number", "capacity", "warning"),
    "unusual": ("CallsUnusual", "number", "unusual_calls", "warning"),
    "calls": ("ProbeFailAll", "number", "probe_fail_all", "critical"),
    "some": ("ProbeFailSome", "number", "probe_fail_some", "warning"),
    "prompt": ("ProbePromptUnexpected", "number", "probe_prompt", "warning"),
    "slow": ("SetupSlow", "number", "probe_setup_slow", "warning"),
    "mute": ("OneWayAudio", "number", "probe_one_way", "warning"),
    "answers": ("AnswerRateLow", "number", "answer_rate", "warning"),
    "reclaim": ("NumberReclaimSoon", "number", "reclaim", "critical"),
    "contract": ("ContractExpiring", "number", "contract", "warning"),
    "realname": ("RealnameProblem", "number", "realname", "critical"),
    "drift": ("ConfigDrift", "number", "drift", "warning"),
    "lint": ("LintError", "number", "lint", "warning"),
}


@dataclass
class Beat:
    """One round: what fires, as ``down 1 2; move 1``; the states of numbers that change."""

    fires: str = ""
    states: dict[NumberState, str] = field(default_factory=dict)
    after: float = 60.0
    """Seconds since the round before."""
    waits: str = ""
    """What is pending."""


@dataclass
class Story:
    """Rounds, and which tickets there are after the last of them."""

    beats: tuple[Beat, ...]
    stands: str
    """The tickets that stand for themselves, as ``provider_outage critical 1 2 3; lint warning``:
    symptom, severity, members."""
    folded: str = ""
    """The symptoms of the tickets that were folded into others."""
    total: int = 1
    """How many tickets the ledger has when everything is over and closed."""
    lingers: str = ""
    """What goes on firing while everything else is over."""


class StoryScene(Scene):
    """The scene with calls and contracts as facts, so that each fault can be seen to be over."""

    def _polled(self, account: str, now: float, failure: PollFailure | None) -> Snapshot:
        snapshot = super()._polled(account, now, failure)
        status = PollStatus(60.0, last_attempt=now, last_success=now)
        numbers = snapshot.listing.numbers if snapshot.listing else ()
        kept = tuple(replace(it, contract_end=START + 1e8, realname_ok=True) for it in numbers)
        return replace(
            snapshot,
            listing=Listing(kept),
            polls={**snapshot.polls, Capability.CALLS: status},
            stale_after={**snapshot.stale_after, Capability.CALLS: self.stale_after},
        )


def name_of(number: int | str) -> str:
    return f"40062200{int(number):02}"


class Teller:
    """Tells a story to a run and reads the tickets."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.since: dict[str, float] = {}
        run.scene.states = {name_of(row): NumberState.ACTIVE for row in range(1, 13)}

    def _alerts(self, text: str, state: str = "firing", after: float = 60.0) -> list[Alert]:
        made = []
        for part in filter(None, map(str.strip, text.split(";"))):
            kind, *numbers = part.split()
            for number in numbers or [""]:
                labels = {"number": name_of(number)} if number else {}
                if kind == "carrier":
                    labels["carrier"] = "unicom"
                at = self.since.setdefault(f"{kind} {number}", self.run.now + after)
                made.append(alert(*KINDS[kind], state=state, at=at, **labels))
        return made

    async def tell(self, beats: tuple[Beat, ...]) -> None:
        for beat in beats:
            for state, numbers in beat.states.items():
                self.run.scene.states.update(dict.fromkeys(map(name_of, numbers.split()), state))
            alerts = self._alerts(beat.fires, after=beat.after)
            alerts += self._alerts(beat.waits, "pending", beat.after)
            await self.run.step(*alerts, seconds=beat.after)

    async def end(self, lingers: str) -> None:
        self.run.scene.states = dict.fromkeys(self.run.scene.states, NumberState.ACTIVE)
        self.run.scene.balance = 500.0
        for _ in range(12):
            await self.run.step(*self._alerts(lingers))

    def stands(self) -> list[str]:
        return sorted(self._said(it) for it in self.run.tickets.open if not _is_folded(it))

    def folded(self) -> list[str]:
        return sorted(it.subject.symptom for it in self.run.tickets.open if _is_folded(it))

    async def total(self) -> int:
        return (await self.run.ledger.list(Filter())).total

    def _said(self, ticket: Ticket) -> str:
        present = [it for it in ticket.members if it.left_at is None]
        words = [ticket.subject.symptom, str(ticket.severity), *sorted(set(map(_short, present)))]
        return " ".join(words)


def _short(member: Member) -> str:
    return member.subject.number.removeprefix("40062200").lstrip("0") or member.subject.symptom


def _is_folded(ticket: Ticket) -> bool:
    return ticket.stage is Stage.SUPPRESSED


def listed(text: str) -> list[str]:
    return sorted(filter(None, map(str.strip, text.split(";"))))

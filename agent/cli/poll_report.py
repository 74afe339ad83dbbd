"""What one round of polling saw, as a document: complete, and without people's phones."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from agent.masking import mask_phone
from agent.model import Balance, Binding, Number, Routing, Snapshot
from agent.polling.journal import ADVICE, PollOutcome

_ROUTING_FIELDS = Routing.__struct_fields__
ALL_POLLED = 0
SOME_FAILED = 1


# No repr: it would put people's phones into a traceback.
@dataclass(frozen=True, repr=False)
class AccountReport:
    """One account: how each capability's poll ended, and all that is known after it."""

    provider: str
    account: str
    outcomes: Sequence[PollOutcome]
    snapshot: Snapshot | None

    @property
    def numbers(self) -> tuple[Number, ...]:
        """The account's numbers, none when they could not be listed."""
        listing = self.snapshot.listing if self.snapshot else None
        return listing.numbers if listing else ()

    @property
    def balance(self) -> Balance | None:
        """What is left on the account, where it was told."""
        return self.snapshot.balance if self.snapshot else None

    def bindings(self, number: str) -> tuple[Binding, ...] | None:
        """The phones bound behind ``number``; ``None`` when not known."""
        return self.snapshot.bindings.get(number) if self.snapshot else None

    def routing(self, number: str) -> Routing | None:
        """How ``number`` routes; ``None`` when not known."""
        return self.snapshot.routings.get(number) if self.snapshot else None


@dataclass(frozen=True)
class Report:
    """One round of polling."""

    accounts: Sequence[AccountReport]

    @property
    def exit_code(self) -> int:
        """0 when everything was polled, 1 when something failed (contracts.md, Command line)."""
        failed = any(o.failure for account in self.accounts for o in account.outcomes)
        return SOME_FAILED if failed else ALL_POLLED

    def document(self) -> dict[str, Any]:
        """The report as JSON values; phones of people are masked, times are ISO 8601."""
        return {
            "ok": self.exit_code == ALL_POLLED,
            "accounts": [_account(account) for account in self.accounts],
        }


def _account(account: AccountReport) -> dict[str, Any]:
    return {
        "provider": account.provider,
        "account": account.account,
        "capabilities": {str(o.capability): _outcome(o) for o in account.outcomes},
        "balance": msgspec.to_builtins(account.balance),
        "numbers": [_number(account, number) for number in account.numbers],
    }


def _outcome(outcome: PollOutcome) -> dict[str, Any]:
    return {
        "ok": outcome.failure is None,
        "reason": outcome.failure and str(outcome.failure),
        "detail": outcome.detail,
        "advice": outcome.failure and ADVICE[outcome.failure],
        "duration_seconds": round(outcome.duration, 3),
    }


def _number(account: AccountReport, number: Number) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(number)
    facts["contract_end"] = _moment(number.contract_end)
    facts["reclaim_at"] = _moment(number.reclaim_at)
    bindings = account.bindings(number.number)
    facts["bindings"] = None if bindings is None else [_binding(b) for b in bindings]
    routing = account.routing(number.number)
    facts["routing"] = None if routing is None else _routing(routing)
    return facts


def _binding(binding: Binding) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(binding)
    del facts["holder"]
    return {**facts, "id": mask_phone(binding.id), "phone": mask_phone(binding.phone)}


def _routing(routing: Routing) -> Mapping[str, Any]:
    facts = {name: msgspec.to_builtins(getattr(routing, name)) for name in _ROUTING_FIELDS}
    lists = {name: _masked(facts[name]) for name in ("blacklist", "whitelist", "binding_order")}
    recipient = routing.voicemail_recipient
    return {**facts, **lists, "voicemail_recipient": recipient and mask_phone(recipient)}


def _masked(entries: Iterable[str]) -> list[str]:
    return [mask_phone(entry) for entry in entries]


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()

"""Whether what a fault or a timeline entry names is there in the world."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.simulator.document import Spot
from agent.simulator.fields import suggest
from agent.simulator.plan import (
    DESK,
    PAGE_FAULTS,
    AccountPlan,
    Action,
    Change,
    Clear,
    Complaint,
    FaultPlan,
    Generate,
    Target,
    WorldPlan,
)


@dataclass(frozen=True)
class _Span:
    """Generated numbers as a range, so that 100,000 of them need no list."""

    plus: bool
    length: int
    first: int
    count: int
    bindings: int

    @classmethod
    def of(cls, made: Generate) -> "_Span":
        digits = made.first.lstrip("+")
        return cls(made.first.startswith("+"), len(digits), int(digits), made.count, made.bindings)

    def holds(self, number: str) -> bool:
        digits = number.lstrip("+")
        return (
            number.startswith("+") == self.plus
            and len(digits) == self.length
            and self.first <= int(digits) < self.first + self.count
        )

    def overlaps(self, other: "_Span") -> bool:
        return (
            (self.plus, self.length) == (other.plus, other.length)
            and self.first < other.first + other.count
            and other.first < self.first + self.count
        )


@dataclass(frozen=True)
class References:
    """The names of a world: providers, accounts, numbers and their bindings."""

    providers: dict[str, frozenset[str]]
    bindings: dict[str, dict[str, frozenset[str]]]
    """Account (``north/hq``) to written number to binding ids."""
    spans: dict[str, tuple[_Span, ...]]

    @classmethod
    def of(cls, plan: WorldPlan, root: Spot) -> "References":
        """The names in ``plan``; a name given twice is noted as a mistake, below ``root``."""
        made = cls({}, {}, {})
        for index, provider in enumerate(plan.providers or ()):
            if provider is None or provider.accounts is None or not provider.name:
                continue
            spot = root.down("providers", index)
            if provider.name in made.providers:
                spot.fail(f"is the second provider `{provider.name}`, expected each name once")
            made.providers[provider.name] = frozenset(
                account.id for account in provider.accounts if account and account.id
            )
            for place, account in enumerate(provider.accounts):
                if account and account.id:
                    made._add(provider.name, account, spot.down("accounts", place))
        return made

    def _add(self, provider: str, account: AccountPlan, spot: Spot) -> None:
        key = f"{provider}/{account.id}"
        if key in self.bindings:
            spot.fail(f"is the second account `{key}`, expected each id once")
        made = [item for item in account.generate or () if item and item.count and item.first]
        spans = self.spans[key] = tuple(map(_Span.of, made))
        for index, span in enumerate(spans):
            if any(span.overlaps(other) for other in spans[:index]):
                spot.down("generate", index).fail(
                    "overlaps with another `generate`, expected each number once"
                )
        self._add_numbers(key, account, spot)

    def _add_numbers(self, key: str, account: AccountPlan, spot: Spot) -> None:
        numbers = self.bindings.setdefault(key, {})
        for index, number in enumerate(account.numbers or ()):
            if number is None or not number.number:
                continue
            if number.number in numbers or any(s.holds(number.number) for s in self.spans[key]):
                spot.down("numbers", index).fail(
                    f"is the number {number.number} in `{key}` again, expected it once"
                )
            numbers[number.number] = frozenset(b.id for b in number.bindings or () if b and b.id)

    def homes(self, number: str) -> list[str]:
        """The accounts that hold ``number``."""
        return [
            key
            for key, numbers in self.bindings.items()
            if number in numbers or any(span.holds(number) for span in self.spans[key])
        ]

    def check(self, spot: Spot, action: Action | None) -> None:
        """Notes at ``spot`` what ``action`` names and the world has not."""
        for what in self._wrong(action):
            spot.fail(what)

    def _wrong(self, action: Action | None) -> Iterator[str]:
        if isinstance(action, FaultPlan):
            yield from self._wrong_fault(action)
        elif isinstance(action, Clear):
            yield from self._wrong_provider(action.provider)
        elif isinstance(action, Complaint):
            yield from self._absent(action.number, None)
        elif isinstance(action, Change):
            yield from self._wrong_change(action)

    def _wrong_provider(self, name: str | None) -> Iterator[str]:
        if name and name != DESK and name not in self.providers:
            known = [*self.providers, DESK]
            yield f"names the provider `{name}`, which is not there{suggest(name, known)}"

    def _wrong_fault(self, action: FaultPlan) -> Iterator[str]:
        yield from self._wrong_provider(action.provider)
        if action.provider == DESK:
            if action.kind in PAGE_FAULTS:
                yield f"has the fault `{action.kind}` at the desk, which has no pages"
            if action.capability or action.account:
                yield "limits a fault of the desk, which has neither accounts nor capabilities"
        elif action.account and action.provider in self.providers:
            accounts = self.providers[action.provider]
            if action.account not in accounts:
                yield (
                    f"names the account `{action.account}`, which is not at "
                    f"`{action.provider}`{suggest(action.account, accounts)}"
                )

    def _wrong_change(self, action: Change) -> Iterator[str]:
        target = action.target
        if target.account and target.account not in self.bindings:
            yield (
                f"names the account `{target.account}`, which is not there"
                f"{suggest(target.account, self.bindings)}"
            )
            return
        for number in target.numbers or ():
            yield from self._wrong_number(number, target.account)
            if target.binding and number:
                yield from self._wrong_binding(number, target)

    def _wrong_number(self, number: str | None, account: str | None) -> Iterator[str]:
        if not number:
            return
        yield from self._absent(number, account)
        homes = self.homes(number)
        if not account and len(homes) > 1:
            yield (
                f"names the number {number}, which is in {', '.join(homes)}; "
                "expected `account` to say which"
            )

    def _absent(self, number: str | None, account: str | None) -> Iterator[str]:
        homes = self.homes(number) if number else []
        if number and (not homes or (account and account not in homes)):
            where = f"in `{account}`" if account else "in any account"
            yield f"names the number {number}, which is not {where}; expected one of the world's"

    def _wrong_binding(self, number: str, target: Target) -> Iterator[str]:
        for home in self.homes(number):
            known = self.bindings[home].get(number)
            if known is None:
                span = next(span for span in self.spans[home] if span.holds(number))
                known = frozenset(f"b{index + 1}" for index in range(span.bindings))
            if target.binding not in known:
                yield (
                    f"names the binding `{target.binding}` of {number}, which is not there, "
                    f"expected one of {', '.join(sorted(known)) or 'none: it has no bindings'}"
                )

"""Names in a world file that must be unique, or must refer to something the world has.

Works on the plain data of a file, which may be malformed in other places: so these mistakes are
reported together with those of the schema.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.simulator.actions import DESK, PAGE_FAULTS
from agent.simulator.dialects import DIALECTS
from agent.yamlfile.paths import KeyPath, select
from agent.yamlfile.problems import Problem
from agent.yamlfile.validation import nearest

RESERVED = frozenset({"desk", "world", "elsewhere"})
"""Provider names that are paths of the simulator itself."""


@dataclass(frozen=True)
class _Span:
    """Generated numbers as a range, so that 100,000 of them need no list."""

    plus: bool
    length: int
    first: int
    count: int
    bindings: int

    @classmethod
    def of(cls, first: str, count: int, bindings: int) -> "_Span":
        digits = first.lstrip("+")
        return cls(first.startswith("+"), len(digits), int(digits), count, bindings)

    def contains(self, number: str) -> bool:
        digits = number.lstrip("+")
        return (
            number.startswith("+") == self.plus
            and len(digits) == self.length
            # What is no number is reported elsewhere; isdigit alone lets superscripts in.
            and digits.isascii()
            and digits.isdigit()
            and self.first <= int(digits) < self.first + self.count
        )

    def overlaps(self, other: "_Span") -> bool:
        return (
            (self.plus, self.length) == (other.plus, other.length)
            and self.first < other.first + other.count
            and other.first < self.first + self.count
        )


@dataclass
class References:
    """The names of a world: providers, accounts, numbers and their bindings."""

    providers: dict[str, set[str]] = field(default_factory=dict)
    """Provider to ids of accounts."""
    bindings: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Account (``north/hq``) to listed number to ids of bindings."""
    spans: dict[str, list[_Span]] = field(default_factory=dict)
    """Account to its generated numbers."""
    problems: list[Problem] = field(default_factory=list)
    """Names that are not unique or not possible."""

    @classmethod
    def of(cls, data: object) -> "References":
        """The names in the data of a world file."""
        names = cls()
        for path, provider in select(data, "providers", "*"):
            names._add_provider(path, provider)
        return names

    def accounts_of(self, number: str) -> list[str]:
        """The accounts that have ``number``."""
        return [
            key
            for key, numbers in self.bindings.items()
            if number in numbers or any(span.contains(number) for span in self.spans[key])
        ]

    def check_file(self, data: object) -> Iterator[Problem]:
        """Everything that the file names and does not have, and names that are not unique."""
        yield from self.problems
        for path, fault in select(data, "faults", "*"):
            yield from self.check_fault(fault, path)
        for path, entry in select(data, "timeline", "*"):
            yield from self.check_entry(entry, path)

    def check_fault(self, fault: object, path: KeyPath) -> Iterator[Problem]:
        """Problems of a fault that names a provider, account or API unknown to the world."""
        provider = _text(fault, "provider")
        yield from self._check_provider(provider, path)
        yield from self._check_effect(fault, provider, path)

    def check_entry(self, entry: object, path: KeyPath) -> Iterator[Problem]:
        """Problems of a timeline entry that names an entity unknown to the world."""
        if not isinstance(entry, dict):
            return
        for inner, complaint in select(entry, "complaint", at=path):
            yield from self._check_number(_text(complaint, "number"), "", (*inner, "number"))
        provider = _text(entry, "provider")
        yield from self._check_provider(provider, path)
        for inner, fault in select(entry, "fault", at=path):
            yield from self._check_effect(fault, provider, inner)
        account = _text(entry, "account")
        if account and account not in self.bindings:
            known = nearest(account, self.bindings)
            text = f"names the account `{account}`, which is not there; {known}"
            yield Problem((*path, "account"), text)
            return
        yield from self._check_targets(entry, account, path)

    def _add_provider(self, path: KeyPath, provider: object) -> None:
        name, dialect = _text(provider, "name"), _text(provider, "dialect")
        if name in RESERVED:
            text = f"is called `{name}`, a path of the simulator; expected another name"
            self._report((*path, "name"), text)
        if name in self.providers:
            text = f"is the name of a second provider `{name}`, expected each name once"
            self._report((*path, "name"), text)
        if dialect and dialect not in DIALECTS:
            text = f"is not a dialect, got {dialect}; {nearest(dialect, DIALECTS)}"
            self._report((*path, "dialect"), text)
        accounts = list(select(provider, "accounts", "*", at=path))
        for inner, account in accounts:
            if dialect in DIALECTS:
                self.problems += _credential_problems(account, dialect, inner)
            if name and _text(account, "id"):
                self._add_account(f"{name}/{_text(account, 'id')}", inner, account)
        if name:
            self.providers[name] = {_text(account, "id") for _path, account in accounts}

    def _add_account(self, key: str, path: KeyPath, account: object) -> None:
        if key in self.bindings:
            self._report((*path, "id"), f"is the second account `{key}`, expected each id once")
        numbers = self.bindings.setdefault(key, {})
        spans = self.spans[key] = []
        for inner, span in _spans(account, path):
            if any(span.overlaps(other) for other in spans):
                self._report(inner, "overlaps with another `generate`, expected each number once")
            spans.append(span)
        for inner, item in select(account, "numbers", "*", at=path):
            number = _text(item, "number")
            if number and (number in numbers or any(span.contains(number) for span in spans)):
                text = f"is the number {number} in `{key}` again, expected it once"
                self._report((*inner, "number"), text)
            if number:
                numbers[number] = [_text(binding, "id") for _p, binding in _bindings(item)]
            self.problems += _binding_problems(item, inner)

    def _report(self, path: KeyPath, text: str) -> None:
        self.problems.append(Problem(path, text))

    def _check_provider(self, name: str, path: KeyPath) -> Iterator[Problem]:
        if name and name != DESK and name not in self.providers:
            known = nearest(name, [*self.providers, DESK])
            text = f"names the provider `{name}`, which is not there; {known}"
            yield Problem((*path, "provider"), text)

    def _check_effect(self, effect: object, provider: str, path: KeyPath) -> Iterator[Problem]:
        account = _text(effect, "account")
        if provider == DESK:
            kind = _text(effect, "kind")
            if kind in PAGE_FAULTS:
                yield Problem((*path, "kind"), f"is `{kind}` at the desk, which has no pages")
            for key in ("account", "capability"):
                if _text(effect, key):
                    text = "limits a fault of the desk, which has neither accounts nor capabilities"
                    yield Problem((*path, key), text)
        elif account and account not in self.providers.get(provider, {account}):
            known = nearest(account, sorted(self.providers[provider]))
            text = f"names the account `{account}`, which is not at `{provider}`; {known}"
            yield Problem((*path, "account"), text)

    def _check_targets(
        self, entry: Mapping[str, Any], account: str, path: KeyPath
    ) -> Iterator[Problem]:
        targets = [*select(entry, "number", at=path), *select(entry, "numbers", "*", at=path)]
        for inner, number in targets:
            if not isinstance(number, str):
                continue
            accounts = self.accounts_of(number) if number.lstrip("+").isdecimal() else []
            yield from self._check_number(number, account, inner)
            if not account and len(accounts) > 1:
                text = f"names the number {number}, which is in {', '.join(accounts)}; "
                yield Problem(inner, f"{text}expected `account` to say which")
            yield from self._check_binding(_text(entry, "binding"), number, accounts, path)

    def _check_number(self, number: str, account: str, path: KeyPath) -> Iterator[Problem]:
        if not number.lstrip("+").isdecimal():
            return
        accounts = self.accounts_of(number)
        if not accounts or (account and account not in accounts):
            where = f"in `{account}`" if account else "in any account"
            text = f"names the number {number}, which is not {where}; expected one of the world's"
            yield Problem(path, text)

    def _check_binding(
        self, binding: str, number: str, accounts: Iterable[str], path: KeyPath
    ) -> Iterator[Problem]:
        for account in accounts if binding else ():
            known = self.bindings[account].get(number)
            if known is None:
                span = next(span for span in self.spans[account] if span.contains(number))
                known = [f"b{index + 1}" for index in range(span.bindings)]
            if binding not in known:
                text = f"names the binding `{binding}` of {number}, which is not there"
                yield Problem((*path, "binding"), f"{text}, {_one_of(known)}")


def _text(mapping: object, key: str) -> str:
    """The text at ``key``; empty where there is none."""
    value = mapping.get(key) if isinstance(mapping, dict) else None
    return value if isinstance(value, str) else ""


def _one_of(known: list[str]) -> str:
    return f"expected one of {', '.join(known)}" if known else "the number has no bindings"


def _bindings(number: object) -> Iterator[tuple[KeyPath, Any]]:
    return select(number, "bindings", "*")


def _spans(account: object, path: KeyPath) -> Iterator[tuple[KeyPath, _Span]]:
    """The generated numbers of an account; ``generate`` is a mapping or a list of mappings."""
    for inner, generate in select(account, "generate", at=path):
        steps = ["*"] if isinstance(generate, list) else []
        for at, plan in select(generate, *steps, at=inner):
            first, values = _text(plan, "first"), plan if isinstance(plan, dict) else {}
            count, bindings = values.get("count"), values.get("bindings", 2)
            if first.lstrip("+").isdecimal() and isinstance(count, int):
                yield at, _Span.of(first, count, bindings if isinstance(bindings, int) else 0)


def _binding_problems(number: object, path: KeyPath) -> Iterator[Problem]:
    """Ids of bindings that are there twice, and ids in the schedule that are not there."""
    known: list[str] = []
    for inner, binding in select(number, "bindings", "*", at=path):
        name = _text(binding, "id")
        if name and name in known:
            text = f"is the second binding `{name}`, expected each id once"
            yield Problem((*inner, "id"), text)
        known += [name] if name else []
    for inner, name in select(number, "routing", "schedule", "*", "bindings", "*", at=path):
        if isinstance(name, str) and name not in known:
            yield Problem(inner, f"is the unknown binding `{name}`, {_one_of(known)}")


def _credential_problems(account: object, dialect: str, path: KeyPath) -> Iterator[Problem]:
    """An account has the credentials of its dialect, in the dialect's form, and no others."""
    credentials = account.get("credentials") if isinstance(account, dict) else None
    if not isinstance(credentials, dict):
        return
    needed = DIALECTS[dialect].credentials
    for key, pattern in needed.items():
        value = credentials.get(key, "")
        if isinstance(value, str) and not pattern.fullmatch(value):
            wrong = "is not good" if key in credentials else "is missing"
            text = f"{wrong} for the dialect `{dialect}`, expected text like {pattern.pattern}"
            yield Problem((*path, "credentials", key), text)
    for key in sorted(credentials.keys() - needed.keys()):
        text = f"is not a credential of the dialect `{dialect}`, {nearest(key, needed)}"
        yield Problem((*path, "credentials", key), text)

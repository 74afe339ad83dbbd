"""Queries a provider for the state of each bound phone, those first whose answer is the oldest.

Where a request costs money, the account's budget decides how many are sent, and the ledger stores
the answers: a restart pays for none again. A phone whose last answer is too old is unknown, with
the time of that answer beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from agent.clock import set_by
from agent.config.inventory.inventory import Inventory
from agent.model import Binding
from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.providers.paid_queries import Paid, PaidQueries
from agent.providers.profile.envelope import NotFoundError
from agent.providers.profile.fan_out import Pace, Round
from agent.providers.profile.operation import PHONE_NAMES, OperationReader
from agent.providers.profile.schema import Operation
from agent.states import BindingKind, BindingState

_HOLD_AFTER_FAILURE: Final = 3600.0
"""Seconds for which no request follows about a phone after a paid one that failed."""
_CARRIER_LENGTH: Final = 20
_MOBILE_DIGITS: Final = 11
_OF_INVENTORY: Final = frozenset({"number", "id", "phone", "position"})
"""Fields that the answer about one phone does not change."""

Bindings = Mapping[str, tuple[Binding, ...]]


@dataclass(frozen=True)
class _Answer:
    fact: Binding | None
    """``None`` where nothing was answered."""
    at: float


class PhoneReader:
    """Reads the states of the phones of one account.

    Args:
        operation: The operation that is sent for each phone.
        reader: Sends it.
        pace: How many requests are sent, and for how long.
        paid: The budget, where a request costs money.
        inventory: Knows the extensions.
    """

    def __init__(
        self,
        operation: Operation,
        reader: OperationReader,
        pace: Pace,
        paid: PaidQueries | None,
        inventory: Inventory,
    ) -> None:
        self._reader = reader
        self._pace = pace
        self._paid = paid
        self._absent = operation.absent_state
        self._every = operation.asked_every
        self._max_age = operation.answer_max_age
        self._only_mobiles = operation.only_mobiles
        self._changes = frozenset(operation.fields) - _OF_INVENTORY | {"state", "native_status"}
        self._names = sorted(PHONE_NAMES & reader.names)
        self._extensions = {
            (entry.number, phone.id): phone.extension
            for entry in inventory.numbers
            for phone in entry.phones
        }
        self._answers: dict[str, _Answer] = {}
        self._set_by = 0.0

    async def complete(
        self, bindings: Bindings, clock: Callable[[], float]
    ) -> tuple[Bindings, Round]:
        """``bindings`` with the states that are known, after querying those that are due.

        Raises:
            ProviderError: when what failed concerns all phones.
        """
        now = clock()
        self._follow_clock(set_by(clock))
        values = {
            key: names
            for number, phones in bindings.items()
            for phone in phones
            if (names := self._values(number, phone)) is not None
            for key in [self._key(names)]
        }
        self._answers = {key: it for key, it in self._answers.items() if key in values}
        round_ = self._pace.begin()
        if self._paid is None:
            await self._query_due(values, round_, now)
        else:
            await self._query_paid(self._paid, values, round_, now)
        for failure in round_.failures:
            if round_.is_general(failure):
                raise failure
        return {
            number: tuple([await self._completed(number, phone, now) for phone in phones])
            for number, phones in bindings.items()
        }, round_

    def _follow_clock(self, total: float) -> None:
        """Move the times of all answers by as much as the clock was set: none is older."""
        step, self._set_by = total - self._set_by, total
        if step:
            self._answers = {
                key: _Answer(it.fact, it.at + step) for key, it in self._answers.items()
            }

    async def _query_due(
        self, values: Mapping[str, Mapping[str, str]], round_: Round, now: float
    ) -> None:
        queried_at = {key: answer.at for key, answer in self._answers.items()}
        due = [key for key in values if not now - self._every < queried_at.get(key, -1.0) <= now]
        due.sort(key=lambda key: queried_at.get(key, -1.0))
        remaining = iter(due[: self._pace.most])

        async def work() -> None:
            for key in remaining:
                fact = await self._query(values[key], round_)
                self._answers[key] = _Answer(fact, now)
                if round_.is_over:
                    return

        await run_concurrently(work() for _ in range(self._pace.concurrency))

    async def _query_paid(
        self,
        paid: PaidQueries,
        values: Mapping[str, Mapping[str, str]],
        round_: Round,
        now: float,
    ) -> None:
        async def query(key: str) -> Paid:
            fact = await self._query(values[key], round_)
            if fact is None:
                if round_.failures and round_.is_general(round_.failures[-1]):
                    raise round_.failures[-1]
                return Paid("", hold=_HOLD_AFTER_FAILURE)
            self._answers[key] = _Answer(fact, now)
            return Paid(_text_of(fact))

        await paid.query_due(values, query, self._pace.concurrency, self._pace.most)

    async def _query(self, values: Mapping[str, str], round_: Round) -> Binding | None:
        """The answer about one phone; ``None`` where there is none."""
        try:
            collected = await self._reader.read_single(values)
        except NotFoundError:
            return self._of_absent()
        except ProviderError as error:
            round_.fail(error)
            return None
        if collected.invalid or len(collected.facts) > 1:
            round_.misfits += collected.misfits or ["several records for one phone, expected one"]
            return None
        return collected.facts[0][1] if collected.facts else self._of_absent()

    def _of_absent(self) -> Binding:
        return Binding("", "", state=self._absent or BindingState.UNKNOWN)

    async def _completed(self, number: str, phone: Binding, now: float) -> Binding:
        names = self._values(number, phone)
        answer = None if names is None else await self._answer(self._key(names))
        if answer is None or answer.fact is None:
            return phone
        changes = {name: getattr(answer.fact, name) for name in self._changes}
        if self._every or self._paid is not None:
            changes["state_at"] = answer.at
        if now - answer.at > self._max_age:
            changes["state"] = BindingState.UNKNOWN
        return msgspec.structs.replace(phone, **changes)

    async def _answer(self, key: str) -> _Answer | None:
        known = self._answers.get(key)
        if known is not None or self._paid is None:
            return known
        record = await self._paid.record_of(key)
        if record is None or record.answered_at is None:
            return None
        return _Answer(_fact_of(record.answer), record.answered_at)

    def _values(self, number: str, phone: Binding) -> dict[str, str] | None:
        """The names of a phone; ``None`` where it lacks one, or is none that is queried."""
        if self._only_mobiles and not _is_mobile(phone):
            return None
        values = {
            "number": number,
            "phone": phone.phone,
            "phone_id": phone.id,
            "extension": self._extensions.get((number, phone.id), ""),
        }
        return values if all(values[name] for name in self._names) else None

    def _key(self, values: Mapping[str, str]) -> str:
        used = [*self._names, *(["number"] if "number" in self._reader.names else [])]
        return "\0".join(values[name] for name in used)


def _is_mobile(phone: Binding) -> bool:
    """By its kind, or by the digits of a mobile phone in China where that is not known."""
    if phone.kind is not BindingKind.UNKNOWN:
        return phone.kind is BindingKind.MOBILE
    text = phone.phone
    return len(text) == _MOBILE_DIGITS and text.isascii() and text.isdigit() and text[0] == "1"


def _text_of(fact: Binding) -> str:
    return "|".join(
        (fact.state, fact.carrier[:_CARRIER_LENGTH].replace("|", " "), fact.native_status)
    )


def _fact_of(text: str) -> Binding:
    """What :func:`_text_of` wrote, perhaps cut short at its end."""
    state, _, rest = text.partition("|")
    carrier, _, word = rest.partition("|")
    known: Sequence[Any] = [it for it in BindingState if it.value == state]
    return Binding(
        "",
        "",
        state=known[0] if known else BindingState.UNKNOWN,
        native_status=word,
        carrier=carrier,
    )

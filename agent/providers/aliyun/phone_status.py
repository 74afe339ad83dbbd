"""The state of mobile phones, of which every query costs money and needs an approval.

Only as many are queried as the account's budget suffices for; between two queries, and where none
is left, the last answer holds for a while and is then unknown again. Telecom's phones are never
reported as switched off, so that one of them in service may be off all the same
(docs/reference/provider-apis.md §2).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from agent.model import Binding
from agent.net.scrub import scrub
from agent.providers.aliyun.api import Api
from agent.providers.aliyun.errors import LIMITED
from agent.providers.aliyun.operations import PHONE_STATUS, PhoneAnswer
from agent.providers.aliyun.phones import is_mobile
from agent.providers.cost_budget import DAY, Costs, Record
from agent.providers.paid_queries import Paid
from agent.providers.profile.envelope import NotFoundError
from agent.states import BindingState

STATES: Final[Mapping[str, BindingState]] = {
    "NORMAL": BindingState.OK,
    "BUSY": BindingState.BUSY,
    "SHUTDOWN": BindingState.ARREARS,
    "POWER_OFF": BindingState.OFF,
    "NOT_EXIST": BindingState.NONEXISTENT,
    "DEFECT": BindingState.NONEXISTENT,
    # A suspicion is no knowledge.
    "SUSPECTED_POWER_OFF": BindingState.UNKNOWN,
    "UNKNOWN": BindingState.UNKNOWN,
}
"""The state of a phone by the word of the answer."""

_CARRIERS: Final = {
    "CMCC": "mobile",
    "CUCC": "unicom",
    "CTCC": "telecom",
    "CBN": "broadnet",
}
_TELECOM: Final = "CTCC"
_HOUR: Final = 3600.0
_HOLDS: Final = {"RequestFrequencyLimit": _HOUR, "OperatorLimit": DAY}
_NOT_QUERIED: Final = "not queried"


class PhoneStatus:
    """The states of an account's mobile phones."""

    def __init__(self, api: Api) -> None:
        account, options = api.account, api.account.options
        kind: str = options["phone_status"]
        self._reader = api.reader(PHONE_STATUS[kind])
        self._reports = account.reports
        self._concurrency = account.concurrency
        self._clock = account.clock
        self._max_age: float = options["phone_status_max_age"]
        costs = Costs(
            query=options["phone_status_cost"],
            daily=options["phone_status_daily_budget"],
            every=options["phone_status_every"],
        )
        self._paid = account.costs.queries(f"phone_status_{kind}", costs)

    async def query_due(self, phones: Iterable[str]) -> None:
        """Query the state of those of ``phones`` that are due, within the budget.

        Raises:
            ProviderError: when a query fails.
        """
        mobiles = {phone for phone in phones if is_mobile(phone)}
        await self._paid.query_due(mobiles, self._query, self._concurrency)

    async def with_state(self, binding: Binding) -> Binding:
        """``binding`` with the last answer about its phone; the same where it is not queried."""
        if not is_mobile(binding.phone):
            return binding
        record = await self._paid.record_of(binding.phone)
        return _with_record(binding, record, self._clock() - self._max_age)

    async def _query(self, phone: str) -> Paid:
        try:
            collected = await self._reader.read_single({"number": phone})
        except NotFoundError:
            # A limit, said with an error status.
            return Paid("", hold=_HOUR)
        answer: PhoneAnswer = collected.facts[0]
        if answer.code in LIMITED:
            return Paid("", hold=_HOLDS[answer.code])
        status = scrub(answer.status, 40) or "UNKNOWN"
        if status not in STATES:
            self._reports.unmapped("reachability.state", 1)
            self._reports.words("reachability.state", {status: 1})
        return Paid(f"{status} {scrub(answer.carrier, 10)}".strip())


def _with_record(binding: Binding, record: Record | None, oldest: float) -> Binding:
    if record is None or record.answered_at is None:
        return msgspec.structs.replace(binding, native_status=_NOT_QUERIED)
    status, _, carrier = record.answer.partition(" ")
    state = STATES.get(status, BindingState.UNKNOWN)
    word = record.answer
    if state is BindingState.OK and carrier == _TELECOM:
        state, word = BindingState.UNKNOWN, f"{word}, which may be off"
    if record.answered_at < oldest:
        # A time and no age: the text must not change with every poll.
        state, word = BindingState.UNKNOWN, f"{word} at {_stamp(record.answered_at)}"
    return msgspec.structs.replace(
        binding,
        state=state,
        native_status=word,
        carrier=_CARRIERS.get(carrier, ""),
        state_at=record.answered_at,
    )


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%MZ")

"""Tencent Cloud's marks of numbers: ``DescribeSmpnChp`` of ``smpn`` (2019-08-22).

Handsets show a call from a marked number as harassment, advertising or fraud, and many people
then do not take it (docs/reference/domain.md §7).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from agent.config.marking import MarkingSource
from agent.model import Marking
from agent.net.exchange import Answer, Fetch, ProviderError, Request
from agent.providers.cost_budget import Record
from agent.providers.paid_queries import Paid
from agent.providers.profile.misfits import shape_of
from agent.providers.tencent_ccc.api import Service, TencentApi
from agent.states import MarkingTag, PollFailure

_SERVICE: Final = Service("smpn", "2019-08-22")
_ACTION: Final = "DescribeSmpnChp"
_TAGS: Final[Mapping[int, MarkingTag]] = {
    0: MarkingTag.NONE,
    50: MarkingTag.HARASSMENT,
    51: MarkingTag.ESTATE_AGENT,
    52: MarkingTag.FINANCE,
    53: MarkingTag.ADVERTISING,
    54: MarkingTag.FRAUD,
    55: MarkingTag.COURIER,
    56: MarkingTag.TAXI,
}
_MOST: Final = 1_000_000_000


class Smpn:
    """Asks for the marks of numbers.

    Args:
        source: Credentials and address.
        fetch: Sends a request.
        clock: Epoch seconds.
        unmapped: Called for a kind of mark that nobody described.
    """

    def __init__(
        self,
        source: MarkingSource,
        fetch: Fetch,
        clock: Callable[[], float],
        unmapped: Callable[[str, int], None],
    ) -> None:
        self._source = source
        self._fetch = fetch
        self._api = TencentApi(source.url.rstrip("/"), self._paid, self._credentials, clock)
        self._unmapped = unmapped

    async def query(self, number: str) -> Paid:
        """The mark of a number; raises ``ProviderError`` when there is no answer."""
        params = {
            "ResourceId": self._source.resource_id,
            "RequestData": {"PhoneNumber": number},
        }
        response = await self._api.call(_SERVICE, _ACTION, params)
        data = response.get("ResponseData") if isinstance(response, dict) else None
        if not isinstance(data, dict):
            raise _misfit("ResponseData", data, "an object")
        kind, count = (_count(data, name) for name in ("TagType", "TagCount"))
        if kind not in _TAGS:
            self._unmapped("numbers.marking", 1)
        return Paid(f"{kind} {count}")

    def _credentials(self) -> Mapping[str, str]:
        source = self._source
        return {"secret_id": source.secret_id.reveal(), "secret_key": source.secret_key.reveal()}

    async def _paid(self, request: Request) -> Answer:
        return await self._fetch(replace(request, is_paid=True))


def marking_of(record: Record | None, oldest: float) -> Marking | None:
    """The mark that an answer not older than ``oldest`` (epoch seconds) tells; else ``None``."""
    if record is None or record.answered_at is None or record.answered_at < oldest:
        return None
    kind, _, count = record.answer.partition(" ")
    tag = _TAGS.get(int(kind), MarkingTag.UNKNOWN)
    return Marking(tag, int(count), record.answered_at)


def _count(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise _misfit(f"ResponseData.{name}", value, "a count")
    return value


def _misfit(path: str, value: object, expected: str) -> ProviderError:
    text = f"{_ACTION}: {path} is {shape_of(value)}, expected {expected}"
    return ProviderError(PollFailure.SCHEMA, text)

"""How a 400 number transfers its calls: mode, time, and the phones behind it.

The phones have no order and no ids, so a change of their order is none of the configuration.
"""

from dataclasses import dataclass
from typing import Any, Final

from agent.model import Routing
from agent.net.exchange import ProviderError
from agent.net.ranges import amount_in_range
from agent.providers.aliyun.api import Api
from agent.providers.aliyun.operations import TRANSFER_CONFIG
from agent.providers.profile.envelope import NotFoundError
from agent.providers.profile.misfits import shape_of
from agent.states import PollFailure, Strategy

_STRATEGIES: Final = {"roundRobin": Strategy.CYCLIC, "random": Strategy.RANDOM}
_MOST_PHONES: Final = 1000


@dataclass(frozen=True, repr=False)
class TransferConfig:
    """The transfer configuration of one number."""

    strategy: Strategy
    mode: str
    """The provider's own word for the strategy."""
    wait_seconds: float | None
    phones: tuple[str, ...] | None
    """Sorted, each once; ``None`` where the answer does not tell them."""


class TransferConfigs:
    """Reads the configuration of 400 numbers, one by one."""

    def __init__(self, api: Api) -> None:
        self._client = api.client(TRANSFER_CONFIG)
        self._reports = api.account.reports

    async def read(self, number: str) -> TransferConfig | None:
        """The configuration; ``None`` for a number that has none.

        Raises:
            ProviderError: when it cannot be read.
        """
        try:
            answer = await self._client.send({"number": number})
            tree = await self._client.decode(answer)
        except NotFoundError:
            return None
        data = tree.get("Data") if isinstance(tree, dict) else None
        if data is None:
            return None
        return _config_of(data)

    def routing_of(self, config: TransferConfig) -> Routing:
        """The routing that a configuration is; a mode that is not known is reported."""
        if config.strategy is Strategy.UNKNOWN:
            self._reports.unmapped("routing.strategy", 1)
            self._reports.words("routing.strategy", {config.mode: 1})
        return Routing(strategy=config.strategy, wait_seconds=config.wait_seconds)


def _config_of(data: Any) -> TransferConfig:
    if not isinstance(data, dict):
        raise _misfit("Data", data, "an object")
    mode = data.get("CalledRouteMode")
    if not isinstance(mode, str):
        raise _misfit("Data.CalledRouteMode", mode, "a text")
    strategy = _STRATEGIES.get(mode, Strategy.UNKNOWN)
    wait = _seconds_of(data.get("TransferTimeout"))
    return TransferConfig(strategy, mode, wait, _phones_of(data.get("Details")))


def _phones_of(details: Any) -> tuple[str, ...] | None:
    if details is None or details == {}:
        return None
    if not isinstance(details, list) or len(details) > _MOST_PHONES:
        raise _misfit("Data.Details", details, f"a list of at most {_MOST_PHONES}")
    phones = {_phone_of(index, detail) for index, detail in enumerate(details)}
    return tuple(sorted(phones))


def _phone_of(index: int, detail: Any) -> str:
    phone = detail.get("Called") if isinstance(detail, dict) else None
    if not isinstance(phone, str) or not phone.strip():
        raise _misfit(f"Data.Details[{index}].Called", phone, "a phone")
    return phone.strip()


def _seconds_of(value: Any) -> float | None:
    """The time to ring a phone; it comes as a text or as a number."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _misfit("Data.TransferTimeout", value, "seconds")
    try:
        return amount_in_range(value)
    except ValueError:
        raise _misfit("Data.TransferTimeout", value, "seconds") from None


def _misfit(path: str, value: Any, expected: str) -> ProviderError:
    action = TRANSFER_CONFIG.operation.signing and TRANSFER_CONFIG.operation.signing.action
    text = f"{action}: {path} is {shape_of(value)}, expected {expected}"
    return ProviderError(PollFailure.SCHEMA, text)

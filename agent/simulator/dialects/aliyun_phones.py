"""The states of phones as dytns answers: paid, and limited for each phone.

Phones of Telecom are never reported as switched off. A phone that nobody in the world has bound is
unknown to the carrier too.
"""

import re
import time
from collections.abc import Callable
from typing import Any, Final

from agent.simulator.dialects.aliyun_requests import Refused, Rpc
from agent.simulator.entities import Binding
from agent.states import BindingState

_MOBILE: Final = re.compile(r"1\d{10}", re.ASCII)
_STATUS: Final = {
    BindingState.OFF: "POWER_OFF",
    BindingState.ARREARS: "SHUTDOWN",
    BindingState.NONEXISTENT: "NOT_EXIST",
    BindingState.OUT_OF_AREA: "UNKNOWN",
    BindingState.UNKNOWN: "UNKNOWN",
}
_CARRIERS: Final = {"mobile": "CMCC", "unicom": "CUCC", "telecom": "CTCC"}
_TELECOM: Final = "telecom"
LEAST_SECONDS: Final = 60.0
"""Within so many seconds the carrier does not answer about the same phone again."""


class PhoneStates:
    """Answers queries about phones and counts them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answered: dict[str, float] = {}
        self.answers = 0
        """Answers that had to be paid for."""

    def answer(self, rpc: Rpc, *, is_voice: bool) -> dict[str, Any]:
        """The state of the phone ``InputNumber``."""
        if rpc.text("AuthCode") != rpc.account.credentials["auth_code"]:
            raise Refused("AuthCodeNotExist", "The authorization code does not exist.", 200)
        phone = rpc.text("InputNumber")
        if rpc.text("Mask") != "NORMAL" or not _MOBILE.fullmatch(phone):
            raise Refused("InvalidParameter.InputNumber", "The parameter InputNumber is invalid.")
        answered = self._answered.get(phone)
        if answered is not None and self._clock() - answered < LEAST_SECONDS:
            raise Refused("RequestFrequencyLimit", "The number was queried too often.", 200)
        self._answered[phone] = self._clock()
        self.answers += 1
        binding = _bound(rpc, phone)
        status = "UNKNOWN" if binding is None else _status(binding, is_voice=is_voice)
        carrier = _CARRIERS.get(binding.carrier if binding else "", "CMCC")
        data = {"Status": status, "Carrier": carrier}
        return {"Code": "OK", "Message": "OK", "Data": data}


def _bound(rpc: Rpc, phone: str) -> Binding | None:
    bindings = (it for number in rpc.account.numbers for it in number.bindings)
    return next((binding for binding in bindings if binding.phone == phone), None)


def _status(binding: Binding, *, is_voice: bool) -> str:
    if binding.state is BindingState.BUSY and not is_voice:
        return "BUSY"
    status = _STATUS.get(binding.state, "NORMAL")
    return "NORMAL" if status == "POWER_OFF" and binding.carrier == _TELECOM else status

"""One call of an operation of the ``aliyun`` dialect, and how its parameters are read."""

import re
from dataclasses import dataclass

from agent.simulator.account import Account
from agent.simulator.dialects.base import ApiRequest, Pager


class Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """The operation answers with an error."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Rpc:
    """A call that is signed as it should be."""

    request: ApiRequest
    account: Account
    pager: Pager

    def text(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.request.value(name)
        if not value:
            raise Refused(f"Missing{name}", f"{name} is mandatory for this action.")
        return value

    def whole(self, name: str, most: int) -> int:
        """A parameter that is a whole number from 1 to ``most``."""
        value = self.text(name)
        if not re.fullmatch(r"[1-9]\d{0,8}", value, re.ASCII) or int(value) > most:
            raise Refused("InvalidParameters", f"The parameter {name} is invalid.")
        return int(value)

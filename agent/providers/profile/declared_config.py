"""Configurations that people write, in the words of the ``generic`` profile."""

from typing import Any

from agent.model import Binding, Routing
from agent.providers.profile.load import load_profile
from agent.providers.profile.mapping import Mapper
from agent.providers.profile.targets import TARGETS
from agent.states import Capability

_PHONES = "bindings"
_ASSUMED = {"number": "4000000000", "state": "ok"}
"""What an answer has and a configuration has not; neither is of any account here."""


class WrittenError(ValueError):
    """A key whose value cannot be read."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}")
        self.key = key
        self.text = text


class WrittenConfiguration:
    """Reads configurations as the ``generic`` dialect answers them."""

    def __init__(self) -> None:
        profile = load_profile("generic")
        assert profile.routing is not None
        assert profile.reachability is not None
        self._routing = Mapper(TARGETS[Capability.ROUTING], profile.routing)
        self._phones = Mapper(TARGETS[Capability.REACHABILITY], profile.reachability)

    def read(self, written: dict[str, Any]) -> tuple[Routing, tuple[Binding, ...]]:
        """The routing and the phones that ``written`` tells.

        Raises:
            WrittenError: when a value cannot be read; it names the key.
        """
        phones = self._read_phones(written.get(_PHONES, []))
        routing = {key: value for key, value in written.items() if key != _PHONES}
        if _PHONES in written:
            routing[_PHONES] = [phone.id for phone in phones]
        for key, value in routing.items():
            mapped = self._routing.page([{key: value}])
            if mapped.invalid or mapped.unmapped:
                raise WrittenError(key, "cannot be read, expected what a world file has there")
        facts = self._routing.page([routing]).facts
        return (facts[0] if facts else Routing()), phones

    def _read_phones(self, written: Any) -> tuple[Binding, ...]:
        if not isinstance(written, list):
            raise WrittenError(_PHONES, "is no list, expected phones with id and phone")
        phones = []
        for place, phone in enumerate(written):
            named = (
                {**_ASSUMED, "position": place + 1, **phone} if isinstance(phone, dict) else phone
            )
            mapped = self._phones.page([named])
            if mapped.invalid or mapped.unmapped or not mapped.facts:
                text = f"item {place + 1} cannot be read, expected id, phone and kind"
                raise WrittenError(_PHONES, text)
            phones.append(mapped.facts[0][1])
        return tuple(phones)

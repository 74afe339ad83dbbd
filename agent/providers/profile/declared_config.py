"""Parses configurations that people declare, in the format of the ``generic`` profile."""

from typing import Any

from agent.model import Binding, Routing
from agent.providers.profile.load import load_profile
from agent.providers.profile.mapping import RecordMapper
from agent.providers.profile.targets import TARGETS, target_per_number
from agent.states import Capability

_PHONES = "bindings"
_DEFAULTS = {"number": "4000000000", "state": "ok"}
"""Fields that the profile requires and a declared configuration does not have."""


class DeclaredConfigError(ValueError):
    """The value of ``key`` is invalid."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}")
        self.key = key
        self.text = text


class DeclaredConfigParser:
    """Maps declared configurations as the ``generic`` profile maps answers."""

    def __init__(self) -> None:
        profile = load_profile("generic")
        assert profile.routing is not None
        assert profile.reachability is not None
        # What is declared has its number as the key, as an answer about one number has.
        target = target_per_number(TARGETS[Capability.ROUTING], profile.routing.fields)
        self._routing = RecordMapper(target, profile.routing)
        self._phones = RecordMapper(TARGETS[Capability.REACHABILITY], profile.reachability)

    def parse(self, document: dict[str, Any]) -> tuple[Routing, tuple[Binding, ...]]:
        """The routing and the bound phones of ``document``.

        Raises:
            DeclaredConfigError: when a value is invalid; it names the key.
        """
        phones = self._parse_phones(document.get(_PHONES, []))
        routing = {key: value for key, value in document.items() if key != _PHONES}
        if _PHONES in document:
            routing[_PHONES] = [phone.id for phone in phones]
        for key, value in routing.items():
            mapped = self._routing.map_page([{key: value}])
            if mapped.invalid or mapped.unmapped:
                raise DeclaredConfigError(
                    key, "cannot be read, expected what a world file has there"
                )
        facts = self._routing.map_page([routing]).facts
        return (facts[0][1] if facts else Routing()), phones

    def _parse_phones(self, entries: Any) -> tuple[Binding, ...]:
        if not isinstance(entries, list):
            raise DeclaredConfigError(_PHONES, "is no list, expected phones with id and phone")
        phones = []
        for position, entry in enumerate(entries, start=1):
            record = (
                {**_DEFAULTS, "position": position, **entry} if isinstance(entry, dict) else entry
            )
            mapped = self._phones.map_page([record])
            if mapped.invalid or mapped.unmapped or not mapped.facts:
                text = f"item {position} cannot be read, expected id, phone and kind"
                raise DeclaredConfigError(_PHONES, text)
            phones.append(mapped.facts[0][1])
        return tuple(phones)

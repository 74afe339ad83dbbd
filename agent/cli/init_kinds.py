"""What each kind of provider needs to be configured: credentials, an address, a list of numbers."""

from dataclasses import dataclass

from agent.providers.profile.load import load_profile
from agent.providers.profile.load import profile_names as bundled_profiles
from agent.providers.registry import ADAPTERS, profile_names
from agent.states import Capability


@dataclass(frozen=True)
class Kind:
    """A bundled profile or a native adapter, as far as a first configuration is concerned."""

    name: str
    credentials: tuple[str, ...]
    needs_base_url: bool
    lists_numbers: bool
    """Whether the API lists the numbers, so that none need be named."""


def kinds() -> tuple[str, ...]:
    """The names of all kinds, sorted."""
    return profile_names()


def kind_of(name: str) -> Kind:
    """The kind of that name.

    Raises:
        ValueError: when there is none; the text has the names that there are.
    """
    if name in ADAPTERS:
        adapter = ADAPTERS[name]
        lists = Capability.NUMBERS in adapter.capabilities and not adapter.needs_inventory
        return Kind(name, adapter.credentials, adapter.needs_base_url, lists)
    if name not in bundled_profiles():
        raise ValueError(f"{name!r} is no kind of provider, expected one of: {', '.join(kinds())}")
    profile = load_profile(name)
    return Kind(name, tuple(profile.credentials), profile.base_url is None, bool(profile.numbers))

"""The API dialects the simulated providers speak, one file each.

A module here that defines a class ``ProviderApi`` is a dialect under the module's name; nothing
else needs to change.
"""

import importlib
import pkgutil
from collections.abc import Iterator

from agent.simulator.dialects.base import Dialect


def _dialects() -> Iterator[tuple[str, type[Dialect]]]:
    for module in pkgutil.iter_modules(__path__):
        provider_api = getattr(
            importlib.import_module(f"{__name__}.{module.name}"), "ProviderApi", None
        )
        if provider_api is not None:
            yield module.name, provider_api


DIALECTS: dict[str, type[Dialect]] = dict(_dialects())
"""Every dialect by its name; calling it with a provider's name makes that provider's API."""

__all__ = ["DIALECTS", "Dialect"]

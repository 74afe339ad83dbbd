"""The API dialects of the simulated providers, one file each.

A module here that defines a class ``ProviderApi`` is a dialect named like the module; nothing
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
"""The class of every dialect by name; its argument is the provider's name."""

__all__ = ["DIALECTS", "Dialect"]

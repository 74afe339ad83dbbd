"""The API dialects of the simulated providers, one file each.

A module here that defines a class ``ProviderApi`` is a dialect, named like the module unless the
class has a ``name``: not every provider's is one that a module can have. Nothing else needs to
change.
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
            yield name_of(provider_api), provider_api


def name_of(dialect: type[Dialect]) -> str:
    """The name by which a world file calls ``dialect``."""
    return getattr(dialect, "name", "") or dialect.__module__.rpartition(".")[2]


DIALECTS: dict[str, type[Dialect]] = dict(sorted(_dialects()))
"""The class of every dialect by name; its argument is the provider's name."""

__all__ = ["DIALECTS", "Dialect", "name_of"]

"""The API dialects the simulated providers speak, one file each.

A module here that defines a class ``Spoken`` is a dialect under the module's name; nothing else
has to be told of it.
"""

import importlib
import pkgutil
from collections.abc import Iterator

from agent.simulator.dialects.base import Dialect


def _found() -> Iterator[tuple[str, type[Dialect]]]:
    for module in pkgutil.iter_modules(__path__):
        spoken = getattr(importlib.import_module(f"{__name__}.{module.name}"), "Spoken", None)
        if spoken is not None:
            yield module.name, spoken


DIALECTS: dict[str, type[Dialect]] = dict(_found())
"""Every dialect by its name; called with the provider's name it gives a speaker."""

__all__ = ["DIALECTS", "Dialect"]

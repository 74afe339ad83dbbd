"""Lints: what of a number's configuration is known to go wrong (domain.md §4).

Every room of lints is imported here, so that the table is whole for whoever looks.
"""

from agent.lints import (
    accounts,
    capacity,
    features,
    hours,
    identity,
    lists,
    phones,
    waits,
)
from agent.lints.registry import LINTS

__all__ = [
    "LINTS",
    "accounts",
    "capacity",
    "features",
    "hours",
    "identity",
    "lists",
    "phones",
    "waits",
]

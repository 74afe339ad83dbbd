"""Lints: known mistakes in the configuration of numbers (docs/reference/domain.md §4).

Importing the package imports every module of lints, which fills the table :data:`LINTS`.
"""

from agent.lints import (
    accounts,
    attribution,
    capacity,
    features,
    hours,
    identity,
    lists,
    marking,
    phones,
    waits,
)
from agent.lints.registry import LINTS

__all__ = [
    "LINTS",
    "accounts",
    "attribution",
    "capacity",
    "features",
    "hours",
    "identity",
    "lists",
    "marking",
    "phones",
    "waits",
]

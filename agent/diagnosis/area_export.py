"""Writes the places of China's number prefixes as JSON; run as a program of its own.

The geographic tables of ``phonenumbers`` are those of the whole world: loading them takes seconds
of CPU in which no other thread of the process runs. So a process of its own loads them and hands
over China's, which are small (:mod:`agent.diagnosis.area_table`).
"""

import json
import os
import sys
from contextlib import suppress
from importlib import import_module

CHINA = "86"
LANGUAGES = ("zh", "en")
LOWEST_PRIORITY = 19
BESIDE = "beside"
"""The argument of a caller who does not wait."""


def main() -> None:
    """Write ``{"天津市": ["8622", …], …}``; nothing where the optional package is missing."""
    if BESIDE in sys.argv:
        with suppress(OSError):
            # Nothing waits for this, and everything else on the machine goes before it.
            os.nice(LOWEST_PRIORITY)
    try:
        table = import_module("phonenumbers.geodata").GEOCODE_DATA
    except ImportError:
        table = {}
    places: dict[str, list[str]] = {}
    for prefix, names in table.items():
        name = next((names[it] for it in LANGUAGES if it in names), "")
        if name and prefix.startswith(CHINA):
            places.setdefault(name, []).append(prefix)
    json.dump(places, sys.stdout)


if __name__ == "__main__":
    main()

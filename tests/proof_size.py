"""How large the proofs run: small by default, at full size by ``make proof``.

Three variables of the environment choose it: ``NUMWATCH_FULL`` for every proof,
``NUMWATCH_KILLS`` and ``NUMWATCH_DIFFERENTIAL`` for those two parts alone. A number between 0
and 1 is the share of the full size that is run, anything else that is set is all of it.
"""

import os
from typing import Literal

Part = Literal["kills", "differential"]


def share(part: Part | None = None) -> float:
    """The share of the full size that is asked for: 0 by default, 1 for all of it."""
    names = ["NUMWATCH_FULL", *([f"NUMWATCH_{part.upper()}"] if part else [])]
    return max(_share_of(os.environ.get(name, "")) for name in names)


def _share_of(value: str) -> float:
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 1.0 if value else 0.0


def is_full(part: Part | None = None) -> bool:
    """Whether the full size is asked for."""
    return share(part) == 1


def size(small: int, full: int, part: Part | None = None) -> int:
    """How many to run: ``small`` by default, ``full`` or a share of it when asked for."""
    return max(small, round(full * share(part)))

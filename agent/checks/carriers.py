"""The base carrier of a 400 number, which its prefix fixes (docs/reference/domain.md §1)."""

from collections.abc import Mapping

CARRIER_OF_PREFIX: Mapping[str, str] = {
    "4000": "unicom",
    "4006": "unicom",
    "4008": "telecom",
    "4009": "telecom",
    "4001": "mobile",
    "4007": "mobile",
    # One weak source each; the provider's own word takes precedence.
    "4005": "mobile",
    "4002": "unicom",
}
UNKNOWN_CARRIER = "unknown"
_PREFIX_LENGTH = 4


def carrier_of(number: str, reported: str) -> str:
    """Returns the carrier that the provider ``reported``, else the prefix's, else ``unknown``.

    400 numbers cannot be ported, so the prefix decides if the provider reports none.
    """
    return reported or CARRIER_OF_PREFIX.get(number[:_PREFIX_LENGTH], UNKNOWN_CARRIER)

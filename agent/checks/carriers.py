"""Which base carrier a 400 number belongs to: its prefix fixes it (domain.md §1, prefixes)."""

from collections.abc import Mapping

CARRIER_OF_PREFIX: Mapping[str, str] = {
    "4000": "unicom",
    "4006": "unicom",
    "4008": "telecom",
    "4009": "telecom",
    "4001": "mobile",
    "4007": "mobile",
    # Told by a single weak source each; a provider that says otherwise is believed.
    "4005": "mobile",
    "4002": "unicom",
}
UNKNOWN_CARRIER = "unknown"
_PREFIX_LENGTH = 4


def carrier_of(number: str, told: str) -> str:
    """The number's base carrier: the provider's word, else its prefix's, else ``unknown``.

    400 numbers cannot be ported, so the prefix decides where the provider is silent
    (domain.md §1).
    """
    return told or CARRIER_OF_PREFIX.get(number[:_PREFIX_LENGTH], UNKNOWN_CARRIER)

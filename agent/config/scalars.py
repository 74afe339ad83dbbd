"""What a YAML scalar means here: text unless it plainly is something else.

Narrower than YAML 1.1 on purpose: ``010123`` stays text instead of becoming an octal number,
``12:30`` instead of a count of minutes, ``2027-03-01`` instead of a date, ``1_000`` instead of
a thousand.
"""

import math
import re

_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,17})", re.ASCII)
_DECIMAL = re.compile(r"-?\d+\.\d+(?:[eE][-+]?\d+)?|-?\d+[eE][-+]?\d+", re.ASCII)
_SWITCHES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOTHING = {"", "~", "null", "Null", "NULL"}


def scalar(text: str, *, plain: bool) -> object:
    """The value of a scalar; a quoted or folded one (``plain`` false) is always text."""
    if not plain:
        return text
    if text in _NOTHING:
        return None
    if text in (text.lower(), text.capitalize(), text.upper()) and text.lower() in _SWITCHES:
        return _SWITCHES[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text

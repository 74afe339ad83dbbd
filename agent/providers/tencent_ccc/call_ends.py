"""How a call ended, by ``EndStatus`` of a call record (docs/reference/provider-apis.md §2).

Codes from 200 on are those of the leg to a phone: an inbound call that is put through to the
phone of a member of staff may end with one.
"""

from collections.abc import Mapping
from typing import Final

from agent.states import CallResult

ENDS: Final[Mapping[str, CallResult]] = {
    "1": CallResult.ANSWERED,
    "17": CallResult.NO_ANSWER,  # seatGiveUp: the seat did not take it in time
    "100": CallResult.CALLER_BLACKLISTED,
    "102": CallResult.ABANDONED,  # in the voice menu
    "103": CallResult.ABANDONED,  # while waiting for a seat
    "104": CallResult.NO_ANSWER,  # it rang until the caller gave up
    "105": CallResult.OFF,  # no seat is online: nobody has signed in
    "106": CallResult.CLOSED_HOURS,
    "107": CallResult.ANSWERED,  # the voice menu served the caller to its end
    "202": CallResult.NO_ANSWER,
    "203": CallResult.REJECTED,
    "204": CallResult.OFF,
    "205": CallResult.NONEXISTENT,
    "206": CallResult.BUSY,
    "207": CallResult.SUSPENDED,
    "208": CallResult.NETWORK,
    "209": CallResult.ABANDONED,
    "210": CallResult.OUT_OF_AREA,
    "212": CallResult.BLOCKED_BY_CARRIER,
    "215": CallResult.NONEXISTENT,
    "216": CallResult.BARRED,
    "218": CallResult.REGION_BLOCKED,
    "219": CallResult.FORWARDED,
    "220": CallResult.ABANDONED,
    # Calls that a voice agent took, whoever ended them.
    **dict.fromkeys(("228", "229", "230", "231", "232", "233"), CallResult.ANSWERED),
    # What the voice agent is made of failed.
    **dict.fromkeys(("225", "226", "227"), CallResult.NETWORK),
    # Failures that the vendor names and that no word of ours fits: of a seat's own device, of a
    # number without a further reason.
    **dict.fromkeys(("211", "213", "217", "221", "222"), CallResult.UNKNOWN),
}
"""Our result by the code."""

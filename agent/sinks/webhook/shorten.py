"""A delivery that a receiver finds too large, said in fewer words."""

import msgspec

MOST_MEMBERS = 100
"""So many members are named in a shortened delivery."""


def shortened(payload: bytes) -> bytes | None:
    """``payload`` with the first members only and their number beside them.

    ``None`` where there is nothing to leave out.
    """
    told = msgspec.json.decode(payload)
    members = told["data"].get("members", ())
    if len(members) <= MOST_MEMBERS:
        return None
    told["data"]["members_total"] = len(members)
    told["data"]["members"] = members[:MOST_MEMBERS]
    return msgspec.json.encode(told)

"""Jira Cloud's webhook ``jira:issue_updated``, if the status is among what changed.

See docs/reference/ticketing.md §5.
"""

from hashlib import sha256
from typing import Any

import msgspec

from agent.sinks.callback import Callback, CallbackFormat, body_hmac, callback
from agent.states import Stage


def _read(body: dict[str, Any]) -> Callback | None:
    issue = body["issue"]
    changes = (body.get("changelog") or {}).get("items") or ()
    if not any(change.get("field") == "status" for change in changes):
        return None
    fields = issue["fields"]
    status = fields["status"]
    category = (status.get("statusCategory") or {}).get("key", "")
    resolution = (fields.get("resolution") or {}).get("name")
    actor = (body.get("user") or {}).get("displayName")
    # Projects name their statuses as they like; only the category is the same everywhere.
    statuses = [f"{status['name']}", f"category:{category}"]
    change = callback(issue["id"], "", float(body["timestamp"]) / 1000, actor, statuses)
    return msgspec.structs.replace(change, resolution=str(resolution or ""))


CALLBACK = CallbackFormat(
    stages={"category:indeterminate": Stage.ACCEPTED, "category:done": Stage.CLOSED},
    read=_read,
    signature=body_hmac("sha256", sha256),
)

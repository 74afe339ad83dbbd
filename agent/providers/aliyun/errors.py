"""What the codes in Alibaba Cloud's answers mean, on HTTP 200 and on error statuses alike.

An answer is a success if its ``Code`` is ``OK`` or ``200``; an error status has the same members
(docs/reference/provider-apis.md §2). Of most codes only the beginning is fixed.
"""

from typing import Final

from agent.providers.profile.schema import Envelope

ENVELOPE: Final = Envelope.model_validate(
    {
        "code": "Code",
        "ok": ["OK", "200"],
        "message": "Message",
        "errors": {
            **dict.fromkeys(
                (
                    "InvalidAccessKeyId*",
                    "SignatureDoesNotMatch*",
                    "IncompleteSignature*",
                    "InvalidTimeStamp*",
                    "InvalidSecurityToken*",
                    "MissingAccessKeyId*",
                    "Forbidden*",
                    "NoPermission*",
                    "NotAuthorized*",
                    "isv.RAM_PERMISSION_DENY",
                    "isv.PRODUCT_UN_SUBSCRIPT",
                ),
                "auth",
            ),
            **dict.fromkeys(
                ("Throttling*", "ServiceUnavailable*", "isv.BUSINESS_LIMIT_CONTROL"), "throttle"
            ),
        },
    }
)
"""How every product reports an error."""

LIMITED: Final = frozenset({"RequestFrequencyLimit", "OperatorLimit"})
"""Codes of a phone that the carrier does not let be queried now."""

PHONE_ENVELOPE: Final = ENVELOPE.model_copy(
    update={
        "ok": [*ENVELOPE.ok, *LIMITED],
        "errors": {**ENVELOPE.errors, **dict.fromkeys(LIMITED, "not_found")},
    }
)
"""How the states of phones report one: a limit is an answer about that phone."""

NUMBER_ENVELOPE: Final = ENVELOPE.model_copy(
    update={"errors": {**ENVELOPE.errors, "InvalidParameters": "not_found"}}
)
"""How operations about one 400 number report one: its number is the only parameter that can be
wrong, for example because the account does not have it."""

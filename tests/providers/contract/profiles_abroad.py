"""The bundled profiles of providers outside China."""

from tests.providers.contract.profiles_of_china import PHONES
from tests.providers.contract.subject import BALANCE, NUMBERS, REACHABILITY, Subject

PROFILES_ABROAD = (
    Subject(
        name="telnyx",
        credentials={"api_key": "KEY018C0ofTheContract"},
        secret="api_key",
        capabilities=(NUMBERS, REACHABILITY, BALANCE),
        paged=frozenset({NUMBERS, REACHABILITY}),
        facts=frozenset({"number.state", "number.company", "phone.number", "balance.amount"}),
        # What a number is forwarded to is one phone of several, or a connection.
        approximate=frozenset({"phone.number"}),
        unmapped=frozenset({"numbers.state"}),
    ),
    Subject(
        name="vonage",
        credentials={"api_key": "4abcdef0", "api_secret": "s3cretOfTheContract"},
        secret="api_secret",
        capabilities=(NUMBERS, REACHABILITY, BALANCE),
        served_with={REACHABILITY: NUMBERS},
        paged=frozenset({NUMBERS, REACHABILITY}),
        facts=frozenset({"phone.number", "balance.amount"}),
        # One phone of several is called, and every balance is in euros.
        approximate=frozenset({"phone.number", "balance.amount"}),
    ),
    Subject(
        name="plivo",
        credentials={"auth_id": "MA0123456789ABCDEFGH", "auth_token": "t0kenOfTheContract"},
        secret="auth_token",
        capabilities=(NUMBERS, REACHABILITY, BALANCE),
        paged=frozenset({NUMBERS, REACHABILITY}),
        facts=frozenset(
            {
                "number.state",
                "number.company",
                "phone.kind",
                "phone.position",
                "extension.state",
                "balance.amount",
            }
        ),
        # Every balance is in dollars.
        approximate=frozenset({"balance.amount"}),
        # Whether a number is active is a switch: no word of it can be new.
        unmapped=frozenset({"reachability.state"}),
        inventory=PHONES,
    ),
    Subject(
        name="46elks",
        credentials={"username": "u" + "4" * 32, "password": "s3cretOfTheContract"},
        secret="password",
        capabilities=(NUMBERS, BALANCE),
        paged=frozenset({NUMBERS}),
        facts=frozenset({"number.state", "number.company", "balance.amount"}),
        unmapped=frozenset({"numbers.state"}),
        # Errors are plain texts, so one with HTTP 200 is an answer without what is expected.
        # That fault leaves whole numbers at the top of an answer as they are, as the amount is one.
        failures={
            ("error_200", NUMBERS): "schema",
            ("error_200", BALANCE): "schema",
            ("wrong_type", BALANCE): None,
        },
    ),
)

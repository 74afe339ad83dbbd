"""The bundled profiles of providers outside China."""

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
)

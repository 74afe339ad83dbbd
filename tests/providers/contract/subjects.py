"""The adapters and profiles that the contract is for: one row each.

A row says what a provider's page says: which capabilities its API has, and which facts it carries.
The dialect of the simulator is written from the vendor's documents, the row from the page under
docs/providers/, and the tests hold the adapter to both.
"""

from agent.states import CallResult, Cause
from tests.providers.contract.pbxs import PBXS
from tests.providers.contract.profiles_abroad import PROFILES_ABROAD
from tests.providers.contract.profiles_of_china import PROFILES_OF_CHINA
from tests.providers.contract.subject import (
    BALANCE,
    CALLS,
    NUMBERS,
    REACHABILITY,
    ROUTING,
    Subject,
)

SUBJECTS = (
    Subject(
        name="generic",
        credentials={"key": "key-of-the-contract", "secret": "s3cret-of-the-contract"},
        secret="secret",
        capabilities=(NUMBERS, ROUTING, REACHABILITY, BALANCE, CALLS),
        paged=frozenset({NUMBERS, REACHABILITY, CALLS}),
        facts=frozenset(
            {
                "number.state",
                "number.reason of suspension",
                "number.network_state",
                "number.company",
                "number.grade",
                "number.contract_end",
                "routing.wait",
                "routing.schedule",
                "routing.lists",
                "routing.voicemail",
                "phone.number",
                "phone.kind",
                "phone.state",
                "phone.position",
                "mobile.state",
                "extension.state",
                "balance.amount",
                "balance.thresholds",
                "balance.daily_spend",
                "calls.results",
                "calls.phone",
                "calls.wait",
            }
        ),
        unmapped=frozenset(
            {"numbers.state", "routing.strategy", "reachability.state", "calls.result"}
        ),
    ),
    Subject(
        name="twilio",
        credentials={"sid": "AC" + "4" * 32, "token": "t0ken-of-the-contract"},
        secret="token",
        capabilities=(NUMBERS, REACHABILITY, BALANCE, CALLS),
        served_with={REACHABILITY: NUMBERS},
        paged=frozenset({NUMBERS, REACHABILITY, CALLS}),
        has_next_links=True,
        facts=frozenset(
            {
                "number.state",
                "number.reason of suspension",
                "number.company",
                "phone.number",
                "phone.kind",
                "balance.amount",
                "calls.results",
            }
        ),
        # "suspended" is all that Twilio says of a number, and what it points at is no phone.
        approximate=frozenset({"number.reason of suspension", "phone.number", "phone.kind"}),
        unmapped=frozenset({"numbers.state", "calls.result"}),
        # A number that is not in service is "suspended", a call that was not put through "failed".
        coarser={
            **dict.fromkeys(
                (
                    Cause.NUMBER_SUSPENDED_ARREARS,
                    Cause.NUMBER_SUSPENDED_REQUESTED,
                    Cause.NUMBER_EXPIRED,
                    Cause.NUMBER_FROZEN,
                    Cause.UNKNOWN,
                ),
                Cause.NUMBER_SUSPENDED_VIOLATION,
            ),
            Cause.BALANCE_EXHAUSTED: Cause.NUMBER_SUSPENDED_ARREARS,
            Cause.CAPACITY_EXCEEDED: Cause.PROVIDER_LEG,
            Cause.BINDING_REJECTED: Cause.PROVIDER_LEG,
            Cause.CONFIG_CHANGED: Cause.PROVIDER_LEG,
            Cause.WAIT_TOO_SHORT: Cause.BINDING_NO_ANSWER,
        },
    ),
    Subject(
        name="tencent_ccc",
        credentials={
            "secret_id": "AKIDofTheContract1234",
            "secret_key": "s3cretOfTheContract",
            "sdk_app_id": "1400000400",
        },
        secret="secret_key",
        capabilities=(NUMBERS, REACHABILITY, BALANCE, CALLS),
        paged=frozenset({NUMBERS, REACHABILITY, CALLS}),
        facts=frozenset(
            {
                "number.state",
                "number.reason of suspension",
                "number.contract_end",
                "phone.kind",
                "phone.position",
                "extension.state",
                "balance.amount",
                "calls.results",
                "calls.phone",
                "calls.wait",
            }
        ),
        unmapped=frozenset({"numbers.state", "reachability.state", "calls.result"}),
        # Callers who find all seats busy wait until they give up.
        call_results={CallResult.BUSY: CallResult.ABANDONED},
        untraced=frozenset({Cause.CAPACITY_EXCEEDED, Cause.PROVIDER_LEG}),
        # Calls over a limit that was lowered leave no record, and the others are answered.
        misjudged=frozenset({Cause.CONFIG_CHANGED}),
        coarser={
            Cause.NUMBER_EXPIRED: Cause.NUMBER_SUSPENDED_ARREARS,
            Cause.NUMBER_FROZEN: Cause.NUMBER_SUSPENDED_ARREARS,
            Cause.BINDING_BUSY: Cause.BINDING_NO_ANSWER,
            Cause.BINDING_REJECTED: Cause.BINDING_NO_ANSWER,
            Cause.WAIT_TOO_SHORT: Cause.BINDING_NO_ANSWER,
        },
        # Two extensions are one page.
        failures={("duplicate_page", REACHABILITY): None},
        rate=20,
        inventory=(
            {
                "number": "4006220001",
                "phones": [
                    {"id": "b1", "phone": "13800000001", "kind": "mobile", "position": 1},
                    {"id": "b2", "phone": "02287654321", "kind": "landline", "position": 2},
                    {"id": "b3", "extension": "8001", "kind": "pbx", "position": 3},
                    {"id": "b4", "extension": "8002", "kind": "pbx", "position": 4},
                ],
            },
        ),
    ),
    Subject(
        name="aliyun",
        credentials={
            "key": "LTAI-of-the-contract",
            "secret": "s3cret-of-the-contract",
            "auth_code": "Approval-of-the-contract",
        },
        secret="secret",
        options={
            "products": "dyvms,ccc,bss,dytns",
            "virtual_numbers": "no",
            "ccc_instance": "hotline",
            "phone_status_cost": "0.01",
            "phone_status_daily_budget": "10",
        },
        capabilities=(NUMBERS, ROUTING, REACHABILITY, BALANCE, CALLS),
        # The phones of a number are in its routing.
        served_with={REACHABILITY: ROUTING},
        paged=frozenset({NUMBERS, CALLS}),
        facts=frozenset(
            {
                "number.state",
                "number.reason of suspension",
                "routing.wait",
                "phone.number",
                "balance.amount",
                "calls.results",
                "calls.wait",
            }
        ),
        # A number is active or not.
        approximate=frozenset({"number.reason of suspension"}),
        # Whether a number of the call centre is active is a switch: no word of it can be new.
        unmapped=frozenset({"routing.strategy", "reachability.state", "calls.result"}),
        call_results={CallResult.BUSY: CallResult.ABANDONED},
        # A switch that is off does not say why.
        coarser=dict.fromkeys(
            (
                Cause.NUMBER_EXPIRED,
                Cause.NUMBER_FROZEN,
                Cause.NUMBER_SUSPENDED_ARREARS,
                Cause.NUMBER_SUSPENDED_VIOLATION,
                Cause.UNKNOWN,
            ),
            Cause.NUMBER_SUSPENDED_REQUESTED,
        ),
        # A limit that was lowered is taken for one that was always too low; and whether a number
        # without a transfer configuration has no phone is not confirmed.
        misjudged=frozenset({Cause.CONFIG_CHANGED, Cause.NO_BINDING}),
        rate=100,
    ),
    *PROFILES_OF_CHINA,
    *PBXS,
    *PROFILES_ABROAD,
)
LISTING = tuple(it for it in SUBJECTS if it.lists_numbers)
"""Those whose APIs list numbers."""

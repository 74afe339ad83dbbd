"""The bundled profiles of Chinese providers."""

from agent.states import CallResult, Cause
from tests.providers.contract.subject import BALANCE, CALLS, FAULTS, NUMBERS, REACHABILITY, Subject

PHONES = (
    {
        "number": "4006220001",
        "phones": [
            {"id": "b1", "phone": "13800000001", "kind": "mobile", "position": 1},
            {"id": "b2", "phone": "02287654321", "kind": "landline", "position": 2},
            {"id": "b3", "extension": "8001", "kind": "pbx", "position": 3},
            {"id": "b4", "extension": "8002", "kind": "pbx", "position": 4},
        ],
    },
)
"""Whose the phones are, which none of these providers says."""

_STOPPED = (
    Cause.NUMBER_EXPIRED,
    Cause.NUMBER_FROZEN,
    Cause.NUMBER_SUSPENDED_ARREARS,
    Cause.NUMBER_SUSPENDED_VIOLATION,
    Cause.UNKNOWN,
)
"""Causes that look alike where an API does not say why a number is out of service."""
PROFILES_OF_CHINA = (
    Subject(
        name="clink2",
        credentials={
            "access_key_id": "b1fcdc6c62be261cf97b00b2",
            "access_key_secret": "s3cretOfTheContract",
        },
        secret="access_key_secret",
        capabilities=(NUMBERS, REACHABILITY, CALLS),
        paged=frozenset({CALLS}),
        has_next_links=True,
        facts=frozenset(
            {"phone.kind", "phone.position", "mobile.state", "calls.results", "calls.wait"}
        ),
        unmapped=frozenset({"reachability.state", "calls.result"}),
        # A caller who gives up in the queue is no busy phone.
        call_results={CallResult.BUSY: CallResult.ABANDONED},
        # One word for all calls that nobody took for another reason than those it names.
        coarser={
            Cause.CAPACITY_EXCEEDED: Cause.PROVIDER_LEG,
            Cause.CONFIG_CHANGED: Cause.PROVIDER_LEG,
            Cause.PROVIDER_OUTAGE: Cause.PROVIDER_LEG,
            Cause.CARRIER_OUTAGE: Cause.PROVIDER_LEG,
            # How long a phone rings before the caller is told off is not among its words.
            Cause.WAIT_TOO_SHORT: Cause.BINDING_NO_ANSWER,
        },
        # Only under "wrong_type", which leaves a list of texts as it is: nobody is blind then.
        misjudged=frozenset({Cause.MONITORING_BLIND}),
        rate=3,
        inventory=PHONES,
        account={"daily_budget": 100},
        failures={
            # Hotlines are plain texts, which this fault leaves as they are.
            ("wrong_type", NUMBERS): None,
            # A phone whose state is known is not asked for again on the same day.
            **{(fault, REACHABILITY): None for fault in FAULTS},
        },
    ),
    Subject(
        name="volcengine",
        credentials={"access_key": "AKLTofTheContract", "secret_key": "s3cretOfTheContract"},
        secret="secret_key",
        options={"billing_url": "{url}"},
        capabilities=(NUMBERS, BALANCE),
        paged=frozenset({NUMBERS}),
        facts=frozenset({"number.state", "number.reason of suspension", "balance.amount"}),
        # Why the platform stopped a number is not said.
        approximate=frozenset({"number.reason of suspension"}),
        unmapped=frozenset({"numbers.state"}),
        coarser=dict.fromkeys(_STOPPED, Cause.NUMBER_SUSPENDED_VIOLATION),
    ),
    Subject(
        name="7moor_v7",
        credentials={"app_key": "2000103", "secret_key": "s3cretOfTheContract"},
        secret="secret_key",
        capabilities=(NUMBERS, REACHABILITY),
        facts=frozenset(
            {
                "number.state",
                "number.reason of suspension",
                "phone.kind",
                "phone.position",
                "extension.state",
            }
        ),
        # A number is disabled or not.
        approximate=frozenset({"number.reason of suspension"}),
        unmapped=frozenset({"numbers.state", "reachability.state"}),
        coarser=dict.fromkeys(_STOPPED, Cause.NUMBER_SUSPENDED_REQUESTED),
        inventory=PHONES,
    ),
    Subject(
        name="yuntongxun",
        credentials={"account_sid": "aaf98f89" * 4, "auth_token": "s3cretOfTheContract"},
        secret="auth_token",
        capabilities=(BALANCE,),
        facts=frozenset({"balance.amount"}),
    ),
    Subject(
        name="huawei_bss",
        credentials={"access_key": "HPUAofTheContract", "secret_key": "s3cretOfTheContract"},
        secret="secret_key",
        capabilities=(BALANCE,),
        facts=frozenset({"balance.amount"}),
    ),
    Subject(
        name="huawei_privatenumber",
        credentials={"app_key": "a1b2c3d4e5f6", "app_secret": "s3cretOfTheContract"},
        secret="app_secret",
        capabilities=(NUMBERS, REACHABILITY),
        facts=frozenset({"phone.number"}),
        # One phone is behind each number.
        approximate=frozenset({"phone.number"}),
        inventory=tuple({"number": f"400622000{last}"} for last in "123"),
        inventory_lists=True,
    ),
)

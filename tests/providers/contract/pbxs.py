"""PBXs: they know whether extensions are registered, the inventory knows whose they are."""

from typing import Any

from tests.providers.contract.subject import NUMBERS, REACHABILITY, Subject

_LOGIN = {"user": "numwatch", "password": "s3cretOfTheContract"}
_FACTS = frozenset({"phone.kind", "phone.position", "extension.state"})
_PHONES = [
    {"id": "b1", "phone": "13800000001", "kind": "mobile", "position": 1},
    {"id": "b2", "phone": "02287654321", "kind": "landline", "position": 2},
    {"id": "b3", "extension": "8001", "kind": "pbx", "position": 3},
    {"id": "b4", "extension": "8002", "kind": "pbx", "position": 4},
]
_INVENTORY: tuple[dict[str, Any], ...] = (
    {"number": "4006220001", "phones": _PHONES},
    {"number": "4006220002"},
    {"number": "4006220003"},
)

PBXS = (
    Subject(
        name="kamailio",
        credentials=_LOGIN,
        secret="password",
        base_path="/RPC",
        capabilities=(NUMBERS, REACHABILITY),
        facts=_FACTS,
        inventory=_INVENTORY,
        inventory_lists=True,
        is_probed=True,
        # That it answers is all that is taken from the version.
        failures={("wrong_type", NUMBERS): None},
    ),
    Subject(
        name="asterisk",
        credentials=_LOGIN,
        secret="password",
        base_path="/ari",
        capabilities=(NUMBERS, REACHABILITY),
        # The list of endpoints stands for both.
        served_with={REACHABILITY: NUMBERS},
        facts=_FACTS,
        unmapped=frozenset({"reachability.state"}),
        inventory=_INVENTORY,
        inventory_lists=True,
        is_probed=True,
        # Errors are known by their status alone.
        failures={("error_200", NUMBERS): "schema", ("error_200", REACHABILITY): "schema"},
    ),
    Subject(
        name="freeswitch",
        credentials=_LOGIN,
        secret="password",
        capabilities=(NUMBERS, REACHABILITY),
        facts=_FACTS,
        inventory=_INVENTORY,
        inventory_lists=True,
        # What fails with HTTP 200 is a line of text.
        failures={("error_200", REACHABILITY): "schema"},
    ),
    Subject(
        name="opensips",
        credentials=_LOGIN,
        secret="password",
        capabilities=(NUMBERS, REACHABILITY),
        facts=_FACTS,
        inventory=_INVENTORY,
        inventory_lists=True,
    ),
)

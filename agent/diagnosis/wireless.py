"""The wireless tree: where a mobile that cannot be reached is at fault.

Source: docs/reference/domain.md §2.
Questions lead through the card, the terminal, and the network with its radio and its core.
Signal levels are in dBm.
"""

from collections.abc import Mapping
from typing import Final

from agent.diagnosis.tree import Choice, Node, Walk, walk
from agent.i18n import Message
from agent.states import Cause, Party

_NODES: Final = (
    Node(
        "service",
        Message(
            "Ask the phone's carrier (10086, 10010, 10000): is it in arrears, or barred from calls?"
        ),
        choices={
            "no": Choice("own_sim_elsewhere"),
            "arrears": Choice("in_arrears"),
            "barred": Choice("is_barred"),
        },
    ),
    Node(
        "own_sim_elsewhere",
        Message("Does the user's SIM card work in a test handset at the same place?"),
        choices={"works": Choice("terminal"), "fails": Choice("test_sim_there")},
    ),
    Node(
        "test_sim_there",
        Message("Does a test SIM card work at that place?"),
        choices={"works": Choice("how_many"), "fails": Choice("trouble")},
    ),
    Node(
        "how_many",
        Message("Is it this user alone, or a whole range of numbers?"),
        choices={"one": Choice("subscriber_data"), "range": Choice("number_range")},
    ),
    Node(
        "trouble",
        Message("What goes wrong there: no access to the network, dropped calls, or slow data?"),
        choices={
            "no_access": Choice("signal_dbm"),
            "drops": Choice("drop_cause"),
            "slow": Choice("signal_dbm"),
        },
    ),
    Node(
        "signal_dbm",
        Message("How strong is the signal there, in dBm?"),
        choices={"weak": Choice("coverage"), "enough": Choice("resources", minimum=-94.0)},
    ),
    Node(
        "resources",
        Message("Does the cell refuse calls because its channels are taken?"),
        choices={"yes": Choice("capacity"), "no": Choice("interference_dbm")},
    ),
    Node(
        "interference_dbm",
        Message("How strong is the interference on the cell's channels, in dBm?"),
        choices={"low": Choice("base_station"), "high": Choice("interference", minimum=-85.0)},
    ),
    Node(
        "base_station",
        Message("Is there an alarm on the base station or its transmission?"),
        choices={"yes": Choice("station_fault"), "no": Choice("signalling")},
    ),
    Node(
        "signalling",
        Message("Does the layer-3 trace show abnormal messages?"),
        choices={"yes": Choice("core"), "no": Choice("open_end")},
    ),
    Node(
        "drop_cause",
        Message("What do the drops go with?"),
        choices={
            "interference": Choice("interference"),
            "handover": Choice("handover"),
            "repeater": Choice("repeater"),
            "equipment": Choice("station_fault"),
            "unknown": Choice("signalling"),
        },
    ),
    Node(
        "in_arrears",
        Message("account: the phone is in arrears"),
        party=Party.BINDING_CARRIER,
        cause=Cause.BINDING_ARREARS,
        step=Message(
            "Have the phone's bill paid at its own carrier; use another phone until then."
        ),
    ),
    Node(
        "is_barred",
        Message("account: incoming calls are barred"),
        party=Party.BINDING_CARRIER,
        cause=Cause.BINDING_BARRED,
        step=Message("Have the phone's carrier lift the barring."),
    ),
    Node(
        "terminal",
        Message(
            "terminal: the handset is at fault (network mode or band, a weakness of the model, age)"
        ),
        party=Party.HOLDER,
        step=Message("Exchange the handset, or set its network mode."),
    ),
    Node(
        "subscriber_data",
        Message("card: this subscriber's data in the core network is wrong, or the card is worn"),
        party=Party.BINDING_CARRIER,
        step=Message("Have the carrier check the subscriber's data, and exchange the card."),
    ),
    Node(
        "number_range",
        Message("core: a change of the number range"),
        party=Party.BINDING_CARRIER,
        step=Message("Report the whole range to the carrier; ask what was changed."),
    ),
    Node(
        "coverage",
        Message("network: coverage is too weak there"),
        party=Party.BINDING_CARRIER,
        step=Message(
            "Report weak coverage at the place to the carrier; bind a landline or another "
            "carrier's phone meanwhile."
        ),
    ),
    Node(
        "capacity",
        Message("network: the cell is full"),
        party=Party.BINDING_CARRIER,
        step=Message("Report congestion at the place and hour to the carrier."),
    ),
    Node(
        "interference",
        Message("network: interference"),
        party=Party.BINDING_CARRIER,
        step=Message("Report interference at the place to the carrier."),
    ),
    Node(
        "station_fault",
        Message("network: the base station or its transmission is faulty"),
        party=Party.BINDING_CARRIER,
        step=Message("Ask the carrier when the station will be restored."),
    ),
    Node(
        "handover",
        Message("network: reselection or handover parameters"),
        party=Party.BINDING_CARRIER,
        step=Message("Have the carrier check the cells' handover parameters."),
    ),
    Node(
        "repeater",
        Message("network: a repeater"),
        party=Party.BINDING_CARRIER,
        step=Message("Have the carrier check the repeater; the timing advance shows it."),
    ),
    Node(
        "core",
        Message("core: radio and core data do not fit, or a board is faulty"),
        party=Party.BINDING_CARRIER,
        step=Message("Have the carrier trace the A interface and compare radio and core data."),
    ),
    Node(
        "open_end",
        Message("not decided: the network shows nothing wrong"),
        step=Message(
            "Note time, place and cell of two failing calls and hand them to the carrier."
        ),
    ),
)
WIRELESS_TREE: Final[Mapping[str, Node]] = {node.name: node for node in _NODES}
"""Every node by its name."""


def walk_wireless(answers: Mapping[str, str]) -> Walk:
    """Follow ``answers``, by the names of the questions, from the first question on."""
    return walk(WIRELESS_TREE, "service", answers)

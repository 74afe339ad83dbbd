"""The wireless tree: questions that locate the fault of a mobile that cannot be reached.

Source: docs/reference/domain.md §2. Only people can answer the questions; each answer leads to
the next question or to a conclusion: the card, the terminal, the radio network or the core.
Signal levels are in dBm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from agent.i18n import Joined, Message
from agent.states import Cause, Party


@dataclass(frozen=True)
class Choice:
    """One answer to a question, and where it leads."""

    leads_to: str
    minimum: float | None = None
    """Of a measured value: the smallest for which this answer holds."""


@dataclass(frozen=True)
class TreeNode:
    """A question, or, without choices, a conclusion."""

    name: str
    message: Message
    """The question, or the conclusion."""
    choices: Mapping[str, Choice] = field(default_factory=dict)
    party: Party | None = None
    cause: Cause | None = None
    step: Message | None = None
    """The step that a conclusion asks people to take; ``None`` for a question."""

    @property
    def is_measured(self) -> bool:
        """Whether the answer is a number."""
        return any(choice.minimum is not None for choice in self.choices.values())

    @property
    def prompt(self) -> Joined:
        """The question, followed by its name and the answers it accepts."""
        expected = "N" if self.is_measured else "|".join(self.choices)
        return Joined((self.message, f"[{self.name}={expected}]"), " ")

    def follow(self, answer: str) -> str | None:
        """Returns the name of the node that ``answer`` leads to; ``None`` if it is invalid."""
        if not self.is_measured:
            choice = self.choices.get(answer)
            return None if choice is None else choice.leads_to
        try:
            value = float(answer)
        except ValueError:
            return None
        if not isfinite(value):
            return None
        ordered = sorted(self.choices.values(), key=_minimum)
        return next(choice.leads_to for choice in reversed(ordered) if value >= _minimum(choice))


@dataclass(frozen=True)
class Traversal:
    """The path that the answers take through the tree, and the node where it ends."""

    path: Sequence[tuple[TreeNode, str]]
    """Every question answered on the way, with its answer."""
    node: TreeNode
    """The next question, or the conclusion."""

    @property
    def is_complete(self) -> bool:
        """Whether the answers lead to a conclusion."""
        return not self.node.choices


def traverse_wireless_tree(answers: Mapping[str, str]) -> Traversal:
    """Follows ``answers``, by the names of the questions; an invalid answer counts as none."""
    path: list[tuple[TreeNode, str]] = []
    node = WIRELESS_TREE[_FIRST_QUESTION]
    while node.choices:
        answer = answers.get(node.name)
        next_name = None if answer is None else node.follow(answer.strip().lower())
        if answer is None or next_name is None:
            break
        path.append((node, answer))
        node = WIRELESS_TREE[next_name]
    return Traversal(path, node)


def _minimum(choice: Choice) -> float:
    return float("-inf") if choice.minimum is None else choice.minimum


_FIRST_QUESTION: Final = "service"
_NODES: Final = (
    TreeNode(
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
    TreeNode(
        "own_sim_elsewhere",
        Message("Does the user's SIM card work in a test handset at the same place?"),
        choices={"works": Choice("terminal"), "fails": Choice("test_sim_there")},
    ),
    TreeNode(
        "test_sim_there",
        Message("Does a test SIM card work at that place?"),
        choices={"works": Choice("how_many"), "fails": Choice("trouble")},
    ),
    TreeNode(
        "how_many",
        Message("Is it this user alone, or a whole range of numbers?"),
        choices={"one": Choice("subscriber_data"), "range": Choice("number_range")},
    ),
    TreeNode(
        "trouble",
        Message("What goes wrong there: no access to the network, dropped calls, or slow data?"),
        choices={
            "no_access": Choice("signal_dbm"),
            "drops": Choice("drop_cause"),
            "slow": Choice("signal_dbm"),
        },
    ),
    TreeNode(
        "signal_dbm",
        Message("How strong is the signal there, in dBm?"),
        choices={"weak": Choice("coverage"), "enough": Choice("resources", minimum=-94.0)},
    ),
    TreeNode(
        "resources",
        Message("Does the cell refuse calls because its channels are taken?"),
        choices={"yes": Choice("capacity"), "no": Choice("interference_dbm")},
    ),
    TreeNode(
        "interference_dbm",
        Message("How strong is the interference on the cell's channels, in dBm?"),
        choices={"low": Choice("base_station"), "high": Choice("interference", minimum=-85.0)},
    ),
    TreeNode(
        "base_station",
        Message("Is there an alarm on the base station or its transmission?"),
        choices={"yes": Choice("station_fault"), "no": Choice("signalling")},
    ),
    TreeNode(
        "signalling",
        Message("Does the layer-3 trace show abnormal messages?"),
        choices={"yes": Choice("core"), "no": Choice("open_end")},
    ),
    TreeNode(
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
    TreeNode(
        "in_arrears",
        Message("account: the phone is in arrears"),
        party=Party.BINDING_CARRIER,
        cause=Cause.BINDING_ARREARS,
        step=Message(
            "Have the phone's bill paid at its own carrier; use another phone until then."
        ),
    ),
    TreeNode(
        "is_barred",
        Message("account: incoming calls are barred"),
        party=Party.BINDING_CARRIER,
        cause=Cause.BINDING_BARRED,
        step=Message("Have the phone's carrier lift the barring."),
    ),
    TreeNode(
        "terminal",
        Message(
            "terminal: the handset is at fault (network mode or band, a weakness of the model, age)"
        ),
        party=Party.HOLDER,
        step=Message("Exchange the handset, or set its network mode."),
    ),
    TreeNode(
        "subscriber_data",
        Message("card: this subscriber's data in the core network is wrong, or the card is worn"),
        party=Party.BINDING_CARRIER,
        step=Message("Have the carrier check the subscriber's data, and exchange the card."),
    ),
    TreeNode(
        "number_range",
        Message("core: a change of the number range"),
        party=Party.BINDING_CARRIER,
        step=Message("Report the whole range to the carrier; ask what was changed."),
    ),
    TreeNode(
        "coverage",
        Message("network: coverage is too weak there"),
        party=Party.BINDING_CARRIER,
        step=Message(
            "Report weak coverage at the place to the carrier; bind a landline or another "
            "carrier's phone meanwhile."
        ),
    ),
    TreeNode(
        "capacity",
        Message("network: the cell is full"),
        party=Party.BINDING_CARRIER,
        step=Message("Report congestion at the place and hour to the carrier."),
    ),
    TreeNode(
        "interference",
        Message("network: interference"),
        party=Party.BINDING_CARRIER,
        step=Message("Report interference at the place to the carrier."),
    ),
    TreeNode(
        "station_fault",
        Message("network: the base station or its transmission is faulty"),
        party=Party.BINDING_CARRIER,
        step=Message("Ask the carrier when the station will be restored."),
    ),
    TreeNode(
        "handover",
        Message("network: reselection or handover parameters"),
        party=Party.BINDING_CARRIER,
        step=Message("Have the carrier check the cells' handover parameters."),
    ),
    TreeNode(
        "repeater",
        Message("network: a repeater"),
        party=Party.BINDING_CARRIER,
        step=Message("Have the carrier check the repeater; the timing advance shows it."),
    ),
    TreeNode(
        "core",
        Message("core: radio and core data do not fit, or a board is faulty"),
        party=Party.BINDING_CARRIER,
        step=Message("Have the carrier trace the A interface and compare radio and core data."),
    ),
    TreeNode(
        "open_end",
        Message("not decided: the network shows nothing wrong"),
        step=Message(
            "Note time, place and cell of two failing calls and hand them to the carrier."
        ),
    ),
)
WIRELESS_TREE: Final[Mapping[str, TreeNode]] = {node.name: node for node in _NODES}
"""Every node by its name."""

"""The language's own nodes: frozen, typed, made once when a rule file is loaded.

promql-parser's nodes are copies without positions or equality; the evaluator never sees them.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum, unique

from agent.rules.promql.matchers import Matcher

AGGREGATIONS = frozenset(
    (
        *("sum", "min", "max", "avg", "count", "group", "stddev", "stdvar"),
        *("topk", "bottomk", "quantile", "count_values"),
    )
)
COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
SET_OPERATORS = frozenset(("and", "or", "unless"))
OPERATORS = COMPARISONS | SET_OPERATORS | {"+", "-", "*", "/", "%", "^", "atan2"}


@unique
class Kind(Enum):
    """What an expression gives."""

    SCALAR = "scalar"
    VECTOR = "instant vector"
    RANGE = "range vector"
    STRING = "string"


@unique
class Semantics(IntEnum):
    """Which generation of Prometheus is copied where the two differ."""

    TWO = 2
    THREE = 3


@unique
class Cardinality(Enum):
    """Which side of a match may have several series per match group."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"


@dataclass(frozen=True, slots=True)
class Number:
    """A number literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal."""

    value: str


@dataclass(frozen=True, slots=True)
class Shift:
    """Which moment is meant instead of the evaluation's. Milliseconds."""

    offset: int = 0
    """How long before the moment (``offset``); negative means after it."""
    at: int | str | None = None
    """The moment itself (``@``): a time since the epoch, ``start`` or ``end`` of the query."""


NOW = Shift()


@dataclass(frozen=True, slots=True)
class Selector:
    """An instant vector selector. ``name`` is the metric where it is given by equality."""

    name: str
    matchers: tuple[Matcher, ...]
    shift: Shift = NOW


@dataclass(frozen=True, slots=True)
class Range:
    """A range vector selector: the samples of ``length`` milliseconds."""

    selector: Selector
    length: int
    closed: bool = False
    """Whether a sample right at the start belongs to it, as in Prometheus 2."""


@dataclass(frozen=True, slots=True)
class Subquery:
    """An expression as a range vector: evaluated every ``step`` milliseconds."""

    operand: "Node"
    length: int
    step: int
    shift: Shift = NOW
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Negate:
    """Unary minus; unary plus leaves no node."""

    operand: "Node"
    kind: Kind


@dataclass(frozen=True, slots=True)
class Matching:
    """How the series of two vectors find each other.

    ``labels`` are the ones that count (``on``) or do not count (``ignoring``).
    """

    on: bool = False
    labels: tuple[str, ...] = ()
    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    include: tuple[str, ...] = ()
    """Labels taken over from the "one" side."""


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands."""

    operator: str
    left: "Node"
    right: "Node"
    kind: Kind
    returns_bool: bool
    keeps_name: bool
    """Whether the result's series are still the metric they were."""
    matching: Matching


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregation; ``labels`` are kept (``by``) or removed (``without``)."""

    operator: str
    operand: "Node"
    parameter: "Node | None"
    labels: tuple[str, ...]
    without: bool
    semantics: Semantics = Semantics.THREE


@dataclass(frozen=True, slots=True)
class Call:
    """A function call."""

    function: str
    arguments: tuple["Node", ...]
    kind: Kind
    semantics: Semantics = Semantics.THREE


Node = Number | Text | Selector | Range | Subquery | Negate | Binary | Aggregate | Call


def kind_of(node: Node) -> Kind:
    """What ``node`` gives when it is evaluated."""
    match node:
        case Number():
            return Kind.SCALAR
        case Text():
            return Kind.STRING
        case Selector() | Aggregate():
            return Kind.VECTOR
        case Range() | Subquery():
            return Kind.RANGE
        case _:
            return node.kind


def children_of(node: Node) -> tuple[Node, ...]:
    """The nodes right below ``node``."""
    match node:
        case Range():
            return (node.selector,)
        case Negate() | Subquery():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Aggregate():
            return (node.operand,) if node.parameter is None else (node.parameter, node.operand)
        case Call():
            return node.arguments
        case _:
            return ()

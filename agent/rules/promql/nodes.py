"""The syntax tree of PromQL: frozen, typed nodes, compiled once when a rule file is loaded.

promql-parser's own nodes are copies without positions or equality, so the evaluator works on
these instead.
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
    """The type of an expression's result."""

    SCALAR = "scalar"
    VECTOR = "instant vector"
    RANGE = "range vector"
    STRING = "string"


@unique
class Semantics(IntEnum):
    """The major version of Prometheus whose semantics apply where the two differ."""

    TWO = 2
    THREE = 3


@unique
class Cardinality(Enum):
    """Which side of a vector match may have several series per match group."""

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
class TimeModifier:
    """The modifiers ``offset`` and ``@``. Milliseconds."""

    offset: int = 0
    """``offset``: how long before the evaluation time; negative means after it."""
    at: int | str | None = None
    """``@``: a time since the epoch, or ``start`` or ``end`` of the query."""


NOW = TimeModifier()


@dataclass(frozen=True, slots=True)
class Selector:
    """An instant vector selector; ``name`` is the metric's where equality gives it, else empty."""

    name: str
    matchers: tuple[Matcher, ...]
    modifier: TimeModifier = NOW


@dataclass(frozen=True, slots=True)
class Range:
    """A range vector selector: the samples of ``length`` milliseconds."""

    selector: Selector
    length: int
    closed: bool = False
    """Whether a sample exactly at the start is in the range, as in Prometheus 2."""


@dataclass(frozen=True, slots=True)
class Subquery:
    """An expression as a range vector: evaluated every ``step`` milliseconds."""

    operand: "Node"
    length: int
    step: int
    modifier: TimeModifier = NOW
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Negate:
    """Unary minus; unary plus has no node."""

    operand: "Node"
    kind: Kind


@dataclass(frozen=True, slots=True)
class Matching:
    """Vector matching: ``labels`` are matched (``on``) or ignored (``ignoring``)."""

    on: bool = False
    labels: tuple[str, ...] = ()
    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    include: tuple[str, ...] = ()
    """The labels that ``group_left`` or ``group_right`` copies from the "one" side."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary operator and its operands."""

    operator: str
    left: "Node"
    right: "Node"
    kind: Kind
    returns_bool: bool
    keeps_name: bool
    """Whether the result keeps the metric's name."""
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
    """The type of ``node``'s result."""
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
    """The direct children of ``node``."""
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

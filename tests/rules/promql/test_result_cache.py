"""Results that are reused: never another one than a new evaluation would give."""

from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agent.rules.live_source import LiveSeries
from agent.rules.promql.compile import parse
from agent.rules.promql.errors import EvaluationError, RefusedError
from agent.rules.promql.evaluate import as_vector, evaluate
from agent.rules.promql.frame_columns import FrameColumns
from agent.rules.promql.nodes import Node
from agent.rules.promql.result_cache import ResultCache, share_subtrees
from agent.rules.promql.vector import Vector
from exporters.block import Block
from tests.proof_size import size
from tests.rules.expressions import LABELS, METRICS, VALUES, vector
from tests.rules.series import block, up

ROWS = st.dictionaries(
    st.tuples(*(st.sampled_from(texts) for texts in LABELS.values())),
    st.sampled_from(VALUES).map(float),
    max_size=5,
)
FLEET = st.fixed_dictionaries(dict.fromkeys((*METRICS, "u"), ROWS))


def blocks_of(fleet: dict) -> dict[str, Block]:
    return {name: block(name, tuple(LABELS), rows) for name, rows in fleet.items() if rows}


def parsed(texts: list[str]) -> list[Node]:
    nodes = []
    for text in texts:
        try:
            nodes.append(parse(text))
        except RefusedError:
            continue
    return nodes


def answer(
    node: Node, live: LiveSeries, blocks: list[Block], now: float, cache: ResultCache | None
):
    source = live.begin(now, blocks)
    if cache is not None:
        cache.operands_of = source.operands
    try:
        vector = as_vector(evaluate(node, source, now, cache=cache), source)
    except EvaluationError as error:
        return str(error)
    values = [float(value).hex() for value in vector.values]
    # The order of the groups is that in which their texts got codes.
    labels = (sorted(labels.items()) for labels in vector.label_sets())
    return sorted(zip(labels, values, strict=True))


EXPRESSIONS = st.lists(st.integers(1, 3).flatmap(vector), min_size=4, max_size=4)


@settings(
    max_examples=size(12, 600),
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=[*HealthCheck],
)
@given(EXPRESSIONS, st.lists(FLEET, min_size=2, max_size=2), st.randoms(use_true_random=False))
def test_a_reused_result_is_what_a_new_evaluation_gives(
    texts: list[str], fleets: list[dict], chance: Random
) -> None:
    nodes = parsed(texts)
    live, cache, blocks = LiveSeries({}), ResultCache(), {}
    shared = share_subtrees(nodes)
    for now in range(1000, 1090, 15):
        fresh = blocks_of(chance.choice(fleets))
        blocks = {
            name: blocks[name] if name in blocks and chance.random() < 0.6 else one
            for name, one in fresh.items()
        }
        for node, original in zip(shared, nodes, strict=True):
            again = answer(node, live, [*blocks.values()], now, cache)
            assert again == answer(original, LiveSeries({}), [*blocks.values()], now, None)


def select(
    text: str, live: LiveSeries, blocks: list[Block], cache: ResultCache, now: float = 1.0
) -> Vector:
    source = live.begin(now, blocks)
    cache.operands_of = source.operands
    (node,) = NODES.setdefault(text, share_subtrees([parse(text)]))
    return as_vector(evaluate(node, source, now, cache=cache), source)


NODES: dict[str, list[Node]] = {}


@pytest.mark.parametrize("text", ["up == 0", "max by (number) (up) + 1", "-up", "up < time()"])
def test_the_same_object_while_no_operand_changed(text: str) -> None:
    live, cache, blocks = LiveSeries({}), ResultCache(), [up(a=0, b=1)]
    first = select(text, live, blocks, cache, 10.0)
    assert select(text, live, blocks, cache, 20.0) is first
    assert select(text, live, [up(a=0, b=1)], cache, 30.0) is first


def test_a_change_that_a_selection_does_not_show_goes_no_further() -> None:
    live, cache = LiveSeries({}), ResultCache()
    first = select('up{number="a"} == 0', live, [up(a=0, b=1)], cache)
    assert select('up{number="a"} == 0', live, [up(a=0, b=0)], cache) is first
    assert select('up{number="a"} == 0', live, [up(a=1, b=0)], cache).size == 0


def test_zero_is_not_minus_zero_and_nan_is_nan() -> None:
    live, cache = LiveSeries({}), ResultCache()
    first = select("up + 0", live, [up(a=float("nan"))], cache)
    assert select("up + 0", live, [up(a=float("nan"))], cache) is first
    assert np.signbit(select("-up", live, [up(a=0.0)], cache).values[0])
    assert not np.signbit(select("-up", live, [up(a=-0.0)], cache).values[0])


def test_equal_parts_of_two_rules_are_evaluated_once() -> None:
    one, other = share_subtrees([parse("sum(up == 0) > 3"), parse("sum(up == 0) > 4")])
    assert one.left is other.left
    apart = share_subtrees([parse("up == 0"), parse("up == -0")])
    assert apart[0] is not apart[1]


def test_a_family_that_changed_leaves_the_others_tables_alone() -> None:
    columns = FrameColumns()
    other = block("other", ("number", "state"), {("a", "x"): 1.0})
    before = columns.tables(columns.families([up(a=0), other]))
    after = columns.tables(columns.families([up(a=0, b=1), other]))
    assert after[other.frame] == before[other.frame]


def test_distinct_frames_with_labels_of_their_own_need_no_look_at_every_row() -> None:
    columns = FrameColumns()
    rows = [{(account, number): 1.0 for number in "ab"} for account in "xyz"]
    blocks = [block("up", ("account", "number"), one) for one in rows]
    table = columns.tables(columns.families(blocks))[blocks[0].frame].table
    assert table.project(table.names).table is table
    twice = [*blocks, block("up", ("account", "number"), rows[0])]
    table = columns.tables(columns.families(twice))[blocks[0].frame].table
    assert table.project(table.names).table.rows == table.rows - 2

"""Results that are given again: never another one than would be worked out anew."""

import os
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agent.rules.live_source import Live
from agent.rules.promql.compile import parse
from agent.rules.promql.errors import EvaluationError, RefusedError
from agent.rules.promql.evaluate import as_vector, evaluate
from agent.rules.promql.nodes import Node
from agent.rules.promql.result_cache import Recall, shared
from agent.rules.promql.source import Columns
from agent.rules.promql.vector import Vector
from exporters.block import Block
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


def answer(node: Node, live: Live, blocks: list[Block], now: float, recall: Recall | None):
    source = live.begin(now, blocks)
    if recall is not None:
        recall.basis_of = source.basis
    try:
        found = as_vector(evaluate(node, source, now, recall=recall), source)
    except EvaluationError as error:
        return str(error)
    values = [float(value).hex() for value in found.values]
    # The order of the groups is that in which their texts were first seen.
    labels = (sorted(one.items()) for one in found.label_sets())
    return sorted(zip(labels, values, strict=True))


EXPRESSIONS = st.lists(st.integers(1, 3).flatmap(vector), min_size=4, max_size=4)


@settings(
    max_examples=600 if os.environ.get("NUMWATCH_FULL") else 30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=[*HealthCheck],
)
@given(EXPRESSIONS, st.lists(FLEET, min_size=2, max_size=2), st.randoms(use_true_random=False))
def test_what_is_given_again_is_what_would_be_worked_out(
    texts: list[str], fleets: list[dict], chance: Random
) -> None:
    nodes = parsed(texts)
    live, recall, blocks = Live({}), Recall(), {}
    kept = shared(nodes)
    for now in range(1000, 1090, 15):
        fresh = blocks_of(chance.choice(fleets))
        blocks = {
            name: blocks[name] if name in blocks and chance.random() < 0.6 else one
            for name, one in fresh.items()
        }
        for node, original in zip(kept, nodes, strict=True):
            again = answer(node, live, [*blocks.values()], now, recall)
            assert again == answer(original, Live({}), [*blocks.values()], now, None)


def select(text: str, live: Live, blocks: list[Block], recall: Recall, now: float = 1.0) -> Vector:
    source = live.begin(now, blocks)
    recall.basis_of = source.basis
    (node,) = NODES.setdefault(text, shared([parse(text)]))
    return as_vector(evaluate(node, source, now, recall=recall), source)


NODES: dict[str, list[Node]] = {}


@pytest.mark.parametrize("text", ["up == 0", "max by (number) (up) + 1", "-up", "up < time()"])
def test_the_very_same_result_while_nothing_it_rests_on_changed(text: str) -> None:
    live, recall, blocks = Live({}), Recall(), [up(a=0, b=1)]
    first = select(text, live, blocks, recall, 10.0)
    assert select(text, live, blocks, recall, 20.0) is first
    assert select(text, live, [up(a=0, b=1)], recall, 30.0) is first


def test_a_change_that_a_selection_does_not_show_goes_no_further() -> None:
    live, recall = Live({}), Recall()
    first = select('up{number="a"} == 0', live, [up(a=0, b=1)], recall)
    assert select('up{number="a"} == 0', live, [up(a=0, b=0)], recall) is first
    assert select('up{number="a"} == 0', live, [up(a=1, b=0)], recall).size == 0


def test_zero_is_not_minus_zero_and_nan_is_nan() -> None:
    live, recall = Live({}), Recall()
    first = select("up + 0", live, [up(a=float("nan"))], recall)
    assert select("up + 0", live, [up(a=float("nan"))], recall) is first
    assert np.signbit(select("-up", live, [up(a=0.0)], recall).values[0])
    assert not np.signbit(select("-up", live, [up(a=-0.0)], recall).values[0])


def test_equal_parts_of_two_rules_are_worked_out_once() -> None:
    one, other = shared([parse("sum(up == 0) > 3"), parse("sum(up == 0) > 4")])
    assert one.left is other.left
    apart = shared([parse("up == 0"), parse("up == -0")])
    assert apart[0] is not apart[1]


def test_a_family_that_changed_leaves_the_others_tables_alone() -> None:
    columns = Columns()
    other = block("other", ("number", "state"), {("a", "x"): 1.0})
    before = columns.tables(columns.families([up(a=0), other]))
    after = columns.tables(columns.families([up(a=0, b=1), other]))
    assert after[other.frame] == before[other.frame]


def test_distinct_frames_with_labels_of_their_own_need_no_look_at_every_row() -> None:
    columns = Columns()
    rows = [{(account, number): 1.0 for number in "ab"} for account in "xyz"]
    blocks = [block("up", ("account", "number"), one) for one in rows]
    table, _ = columns.tables(columns.families(blocks))[blocks[0].frame]
    assert table.project(table.names).table is table
    twice = [*blocks, block("up", ("account", "number"), rows[0])]
    table, _ = columns.tables(columns.families(twice))[blocks[0].frame]
    assert table.project(table.names).table.rows == table.rows - 2

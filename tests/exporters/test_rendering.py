"""Labels, values and lines."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from exporters.block import Block, Frame
from exporters.family import FAMILIES
from exporters.labels import CHUNK_ROWS, clean, escape, label_lines
from exporters.piece import text
from exporters.sample_lines import LineEnds, number_text
from tests.exporters.pages import number_frame, up_block

UP = FAMILIES["numwatch_number_up"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, b"1"),
        (0.0, b"0"),
        (-0.0, b"0"),
        (-3.0, b"-3"),
        (0.5, b"0.5"),
        (1.7e9, b"1700000000"),
        (1e15, b"1000000000000000.0"),
        (1e22, b"1e+22"),
        (1e-7, b"1e-07"),
        (math.nan, b"NaN"),
        (math.inf, b"+Inf"),
        (-math.inf, b"-Inf"),
    ],
)
def test_values_read_as_go_reads_them(value, expected):
    assert number_text(value) == expected


@given(st.floats(allow_nan=False))
def test_every_value_reads_back_exactly(value):
    assert float(number_text(value)) == value


def test_line_ends_do_not_grow_with_nans():
    ends = LineEnds()
    assert {ends[math.nan] for _ in range(100)} == {b" NaN\n"}
    assert not ends


@given(st.lists(st.one_of(st.floats(), st.integers(-(10**16), 10**16).map(float)), min_size=1))
def test_values_of_a_column_end_their_lines_as_each_alone(values):
    assert [*LineEnds().of(np.array(values))] == [
        b" " + number_text(value) + b"\n" for value in values
    ]


TEXT = st.text(alphabet='a%s{}"\\,\n\x7f号', max_size=4)


@given(st.integers(1, 3), st.data())
def test_labels_that_all_rows_share_are_written_as_the_others(width, data):
    texts = st.sampled_from(data.draw(st.lists(TEXT, min_size=1, max_size=3)))
    row = st.tuples(*(texts for _ in range(width)))
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    names = ("a", "b", "c")[:width]
    lines = label_lines(names, [*zip(*rows, strict=True)]).decode()
    alone = [label_lines(names, [(text,) for text in row]).decode() for row in rows]
    expected = [
        ",".join(f'{name}="{escape(text)}"' for name, text in pairs if text)
        for pairs in (zip(names, row, strict=True) for row in rows)
    ]
    expected = [f"{{{pairs}}}" if pairs else "" for pairs in expected]
    assert lines == "\n".join(alone) == "\n".join(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('say "hi"', 'say \\"hi\\"'),
        ("back\\slash", "back\\\\slash"),
        ("two\nlines", "two\\nlines"),
        ("\x00\x1b[31m", "��[31m"),
        ("half \ud83d pair", "half � pair"),
        ("企业热线", "企业热线"),
    ],
)
def test_labels_are_escaped(value, expected):
    assert escape(value) == expected


def test_a_label_without_a_value_is_left_out():
    lines = label_lines(("a", "b"), (("1", "", ""), ("2", "3", "")))
    assert lines == b'{a="1",b="2"}\n{b="3"}\n'


def _lines(block: Block) -> list[str]:
    return text(block.piece).decode().splitlines()


def test_a_block_without_labels_is_one_line():
    assert _lines(Block(UP, Frame.of((), ()), np.array([1.0]))) == ["numwatch_number_up 1"]


def test_rows_without_a_sample_are_absent():
    frame = number_frame(["1", "2", "3"])
    block = Block(UP, frame, np.array([0.0, 1.0]), np.array([0, 2]))
    assert _lines(block) == [
        'numwatch_number_up{provider="north",account="hq",number="1"} 0',
        'numwatch_number_up{provider="north",account="hq",number="3"} 1',
    ]


@pytest.mark.parametrize("count", [1, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 3 * CHUNK_ROWS])
@pytest.mark.parametrize("same", [True, False])
def test_every_stretch_is_there(count, same):
    values = [1.0 if same else float(row) for row in range(count)]
    block = up_block([str(row) for row in range(count)], values)
    families = text_string_to_metric_families(text(block.piece).decode())
    parsed = [sample for family in families for sample in family.samples]
    assert [sample.value for sample in parsed] == values
    assert [sample.labels["number"] for sample in parsed] == [str(row) for row in range(count)]


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(1, 3))
def test_picked_rows_match_a_row_by_row_rendering(picked, stretch):
    rows = np.flatnonzero(np.repeat(picked, CHUNK_ROWS // stretch // 20))
    frame = number_frame([str(row) for row in range(len(picked) * (CHUNK_ROWS // stretch // 20))])
    block = Block(UP, frame, rows.astype(float), rows)
    assert _lines(block) == [
        f'numwatch_number_up{{provider="north",account="hq",number="{row}"}} {row}' for row in rows
    ]


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ([1.0], None),
        ([1.0, 2.0, 3.0], None),
        ([1.0], [0, 1]),
        ([1.0, 2.0], [1, 0]),
        ([1.0, 2.0], [0, 0]),
        ([1.0], [2]),
        ([1.0], [-1]),
    ],
)
def test_a_block_that_does_not_fit_its_frame_is_refused(values, rows):
    picked = None if rows is None else np.array(rows)
    with pytest.raises(ValueError, match="numwatch_number_up"):
        Block(UP, number_frame(["1", "2"]), np.array(values), picked)


def test_a_frame_of_uneven_columns_is_refused():
    with pytest.raises(ValueError, match="equal length"):
        Frame.of(("a", "b"), (("1",), ("1", "2")))


@given(st.sets(st.sampled_from([0, 1, 2, 20, 47, 48, 49])), st.sampled_from([0.0, -2.5, math.nan]))
def test_a_few_rows_of_other_values_are_in_their_places(odd, value):
    values = [value if row in odd else 1.0 for row in range(50)]
    block = up_block([f"400{row}" for row in range(50)], values)
    alone = [text(up_block([f"400{row}"], [value]).piece) for row, value in enumerate(values)]
    assert text(block.piece) == b"".join(alone)


WHOLE = st.one_of(
    st.sampled_from(
        [0.0, -0.0, 1.0, 9.0, 10.0, 99_999.0, 1e14, 999_999_999_999_999.0, 1e15, 2.0**63]
    ),
    st.sampled_from([-1.0, 0.5, math.nan, math.inf, -(2.0**63)]),
    st.integers(10**9, 2 * 10**9).map(float),
)


@given(st.lists(WHOLE, min_size=1, max_size=30) | st.lists(st.sampled_from([0.0, 1.0]), min_size=1))
@example([1.0, 0.5])
@example([1.7e9, 1.7e9 + 0.5])
def test_lines_of_one_length_are_as_each_alone(values):
    """Equally long labels and values are written column by column, in no other way than others."""
    block = up_block([f"400{row:04}" for row in range(len(values))], values)
    alone = [
        text(up_block([f"400{row:04}"], [math.pi]).piece).rpartition(b" ")[0]
        + b" "
        + number_text(value)
        + b"\n"
        for row, value in enumerate(values)
    ]
    assert text(block.piece) == b"".join(alone)


def test_rows_of_other_lengths_that_fill_up_a_whole_row_are_rows_of_their_own():
    """The first row has twelve characters with its newline; so have twelve rows without labels."""
    numbers = ["12345", *[""] * 12, "67890"]
    block = Block(UP, Frame.of(("a",), (numbers,)), np.ones(len(numbers)))
    lines = [f'numwatch_number_up{{a="{number}"}} 1' for number in ("12345", "67890")]
    assert _lines(block) == [lines[0], *["numwatch_number_up 1"] * 12, lines[1]]


@pytest.mark.parametrize("least", [0, 1, 10, 9_999, 123_456, 10**9, 10**14])
def test_numbers_of_every_length_are_written_whole(least):
    values = [float(least + row) for row in range(200)]
    rows = np.arange(0, len(values), 2)
    frame = number_frame([f"{row:06}" for row in range(len(values))])
    block = Block(UP, frame, np.array(values)[rows], rows)
    assert _lines(block) == [
        f'numwatch_number_up{{provider="north",account="hq",number="{row:06}"}} {least + row}'
        for row in rows
    ]


def test_cleaning_keeps_what_formats_can_carry():
    assert clean('a"\\\n企\x00\ud800') == 'a"\\\n企��'

"""Inventories: what is read, and every mistake at once with its file, line, field and remedy."""

import time
from pathlib import Path

import pytest

from agent.config.inventory.read import MOST_BYTES
from agent.config.load import ConfigError, load
from agent.providers.registry import problems
from agent.states import BindingKind, Grade
from tests.config.samples import Writer
from tests.proof_size import size

CONFIG = """\
providers:
  - name: north
    profile: static
    accounts:
      - id: hq
        inventory: {inventory}
  - name: pbx
    profile: static
    accounts:
      - id: main
        inventory:
          numbers: [{{number: "4006220009"}}]
"""
TABLE = """\
number,company,grade,contract_end,extension,phone,kind,position,account
4006220001,示例公司,AAA,2027-03-01,801,,pbx,1,
4006220001,,,,802,,,2,
4006220002,,,,,02287654321,landline,,
4006220003,,,,804,,,,pbx/main
"""
SOON = 20
"""Seconds of CPU; a slow machine takes a few."""
MANY = size(20_000, 100_000)


@pytest.fixture
def table(write: Writer, tmp_path: Path):
    """Loads a configuration whose inventory is the given file."""

    def loaded(content: str | bytes, name: str = "numbers.csv"):
        raw = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(raw)
        path = write(CONFIG.format(inventory=f"{{file: {name}}}"))
        return load(path, {}, review=problems).inventory_of("north", "hq")

    return loaded


def mistakes(caught) -> list[str]:
    """The errors without the folder."""
    return [f"{Path(it.file).name}:{it.line}: {it.key}: {it.text}" for it in caught.value.errors]


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
def test_a_table_has_one_line_for_each_phone(table, start) -> None:
    inventory = table(start + TABLE)
    first, second, third = inventory.numbers
    assert (first.number, first.company, first.grade) == ("4006220001", "示例公司", Grade.AAA)
    assert first.contract_end == 1_803_830_400.0  # 2027-03-01T00:00:00+08:00
    assert [(it.id, it.position, it.kind) for it in first.phones] == [
        ("801", 1, BindingKind.PBX),
        ("802", 2, BindingKind.UNKNOWN),
    ]
    assert (second.phones[0].id, second.phones[0].extension) == ("02287654321", "")
    assert third.account == ("pbx", "main")
    assert list(inventory.own) == ["4006220001", "4006220002"]
    assert inventory.extensions == ("801", "802", "804")


def test_yaml_says_the_same(table) -> None:
    text = """\
numbers:
  - number: "4006220001"
    company: 示例公司
    grade: AAA
    contract_end: 2027-03-01
    phones:
      - {extension: "801", kind: pbx, position: 1}
      - {extension: "802", position: 2}
  - number: "4006220002"
    phones: [{phone: "02287654321", kind: landline}]
  - {number: "4006220003", account: pbx/main, phones: [{extension: "804"}]}
"""
    assert table(text, "numbers.yaml").numbers == table(TABLE).numbers


def test_every_mistake_of_a_table_is_named_with_line_field_and_remedy(table) -> None:
    with pytest.raises(ConfigError) as caught:
        table(
            "number,account,company,grade,contract_end,extension,phone,kind,position\n"
            "4006220001,,A,AAA,2027-03-01,801,,pbx,1\n"
            "4006220001,,B,,,801,,,2\n"
            "4.00622E+09,,,,,803,,,\n"
            '4006220003,pbx/mian,"two\nlines",,,,abc,fax,x\n'
            ",,,,,804,,,\n"
            "4006220004,north/hq,,ZZ,soon,,,,\n"
            "4006220005,,,,,805,,,,,\n"
        )
    found = mistakes(caught)
    expected = [
        ("numbers.csv:3: company: ", "differs from line 2"),
        ("numbers.csv:3: phones: ", "the same phone"),
        ("numbers.csv:4: number: ", "got 4.00622E+09; expected digits"),
        ("numbers.csv:5: account: ", "did you mean pbx/main?"),
        ("numbers.csv:5: company: ", "one line"),
        ("numbers.csv:5: phone: ", "is not a phone number, expected a phone"),
        ("numbers.csv:5: kind: ", "expected one of mobile"),
        ("numbers.csv:5: position: ", "expected a whole number"),
        ("numbers.csv:7: (file): ", "has no number"),
        ("numbers.csv:8: account: ", "is this account itself"),
        ("numbers.csv:8: grade: ", "expected one of AAA"),
        ("numbers.csv:8: contract_end: ", "is not a date"),
        ("numbers.csv:9: (file): ", "has 11 cells, expected 9"),
    ]
    for start, words in expected:
        assert [line for line in found if line.startswith(start) and words in line], (start, found)
    assert len(found) == len(expected)
    assert not any("abc" in line for line in found), "a phone is never repeated"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("number;extension\n4006220001;801\n", "n.csv", "separated by semicolons, expected commas"),
        ("nummer,extension\n", "n.csv", "has no column number"),
        ("number,ext\n4006220001,801\n", "n.csv", "ext is not known, expected one of number"),
        ("number,extention\n4006220001,801\n", "n.csv", "did you mean extension?"),
        ("number,number\n", "n.csv", "there twice"),
        ('number\n"4006220001\n', "n.csv", "is no CSV here"),
        ("number,company\n4006220001,公司\n".encode("gbk"), "n.csv", "save the file as UTF-8"),
        ("number\n", "n.csv", "is empty, expected a list of at least one"),
        ("", "n.csv", "has no column number"),
        ("numbers: []\n", "n.yaml", "is empty"),
        ("", "n.yaml", "expected numbers: and a list"),
        ("numbers:\n  - {number: 4006220001}\n", "n.yaml", "in quotes"),
        ("numbers:\n  - {number: '4006220001', phones: [{kind: pbx}]}\n", "n.yaml", "an extension"),
        ("x", "n.xlsx", "expected a name that ends in .csv"),
        (b"number\n" + b"4" * MOST_BYTES, "n.csv", "is larger than 16 MiB"),
    ],
)
def test_a_file_that_is_no_inventory_is_named_with_the_remedy(table, content, name, words) -> None:
    with pytest.raises(ConfigError, match=words):
        table(content, name)


def test_a_missing_file_and_mistakes_of_the_configuration_come_in_one_run(write: Writer) -> None:
    text = CONFIG.format(
        inventory="{file: nowhere.csv, numbers: [{number: '40x'}, "
        "{number: '4006220001'}, {number: '4006220001'}]}\n        gread: AAA"
    )
    with pytest.raises(ConfigError) as caught:
        load(write(text), {}, review=problems)
    found = "\n".join(mistakes(caught))
    for words in ("gread: is not a known key", "cannot be read", "is not a number", "given twice"):
        assert words in found


def test_a_number_of_the_file_is_not_given_again(write: Writer, tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("number\n4006220001\n")
    text = CONFIG.format(inventory="{file: n.csv, numbers: [{number: '4006220001'}]}")
    with pytest.raises(ConfigError, match="in the inventory's file too"):
        load(write(text), {}, review=problems)


def test_a_thousand_mistakes_are_counted_and_not_all_printed(table) -> None:
    with pytest.raises(ConfigError, match="and 900 more mistakes") as caught:
        table("number\n" + "".join(f"x{row}\n" for row in range(1000)))
    assert len(caught.value.errors) == 101


def test_many_numbers_are_read_soon(table) -> None:
    began = time.process_time()
    rows = (f"400{row:07d},company {row},8{row:05d}\n" for row in range(MANY))
    inventory = table("number,company,extension\n" + "".join(rows))
    assert len(inventory.numbers) == MANY
    assert time.process_time() - began < SOON


def test_phones_are_in_no_repr(table) -> None:
    assert "02287654321" not in repr(table(TABLE))

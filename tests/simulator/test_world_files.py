"""Every mistake in a world file, with its line and key; and the file of the contracts, whole."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.simulator.actions import Change, Complaint, FaultKind, FaultPlan
from agent.simulator.worldfile import WorldFileError, parse_world, read_world
from tests.simulator.worlds import FULL, SMALL


def _problems(text):
    with pytest.raises(WorldFileError) as caught:
        parse_world(text, "w.yaml")
    return str(caught.value).splitlines()


def test_the_world_file_of_the_contracts_is_read_whole():
    plan = parse_world(FULL)
    account = plan.providers[0].accounts[0]
    number = account.numbers[0]
    assert (plan.seed, account.balance, account.daily_spend) == (7, 120.5, 12)
    assert number.contract_end.isoformat() == "2027-03-01"
    assert number.routing.schedule[0].bindings == ("b1", "b2")
    assert number.calls.results == (("answered", 0.95), ("no_answer", 0.05))
    assert (account.generate[0].count, account.generate[0].unhealthy) == (1000, 0.01)
    assert plan.faults == (FaultPlan(FaultKind.HTTP_500, share=0.1, provider="north"),)
    assert [entry.at for entry in plan.timeline] == [30, 60, 90, 95, 120, 150, 240]
    assert plan.timeline[3].action.target.every_number
    assert plan.timeline[4].action == Change(
        plan.timeline[1].action.target, (("routing.wait_seconds", 5.0),)
    )
    assert plan.timeline[5].action == FaultPlan(FaultKind.HANG, lasts=60, provider="north")
    assert plan.timeline[6].action == Complaint("4006220001", "13900001111", "您拨打的电话正忙")


def test_off_is_a_state_whatever_yaml_thinks():
    plan = parse_world(
        SMALL + 'timeline: [{at: 1s, number: "4006220001", binding: b1, set: {state: off}}]\n'
    )
    assert plan.timeline[0].action.values == (("state", "off"),)


HEAD = """providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: k, secret: s}
        numbers: [{number: "4006220001", bindings: [{id: b1, phone: "13800000001"}]}]
        generate: {count: 10, first: "4008000000"}
"""


NUMBER = "providers[0].accounts[0].numbers[0]"
WORDS = [
    (
        "generic",
        "genric",
        "3: providers[0].dialect: is not a dialect, got genric; did you mean generic?",
    ),
    (
        "generic",
        "sip",
        "3: providers[0].dialect: is not a dialect, got sip; expected one of 46elks,",
    ),
    ("north", "desk", "2: providers[0].name: is called `desk`, a path of the simulator"),
    ("key: k", "kee: k", "6: providers[0].accounts[0].credentials.key: is missing for the dialect"),
    ("key: k", "key: k, x: y", "credentials.x: is not a credential of the dialect `generic`"),
    (
        "key: k",
        "key: 5",
        "6: providers[0].accounts[0].credentials.key: is a number, got 5; expected text",
    ),
    (
        '"4006220001"',
        "4006220001",
        f"7: {NUMBER}.number: is a number, got 4006220001; expected a number in",
    ),
    (
        "id: b1",
        "id: b1, state: broken",
        (
            f"7: {NUMBER}.bindings[0].state: is not one of the known values, got broken; "
            "expected one of ok, busy"
        ),
    ),
    (
        "id: b1",
        "id: b1, position: -1",
        "position: must be at least 0, got -1; expected a whole number from 0 to",
    ),
    ("phone: ", "fone: ", "bindings[0].phone: is missing, expected a number in quotes"),
    (
        "count: 10",
        "count: 0",
        "8: providers[0].accounts[0].generate.count: must be at least 1, got 0; expected a",
    ),
    (
        "count: 10",
        "count: 10, unhealthy: 2",
        "unhealthy: must be at most 1, got 2; expected a number from 0 to 1",
    ),
    ("4008000000", "9999999999", "generate: counts past the last number of this length"),
    (
        "4008000000",
        "4006219999",
        f"7: {NUMBER}.number: is the number 4006220001 in `north/hq` again",
    ),
    (
        "bindings:",
        'routing: {schedule: [{days: sat, from: "08:30", to: "17:30", bindings: [b7]}]}, bindings:',
        (
            f"7: {NUMBER}.routing.schedule[0].bindings[0]: is the unknown binding `b7`, "
            "expected one of b1"
        ),
    ),
    (
        "bindings:",
        'routing: {schedule: [{days: workdays, from: "8h", to: "25:00"}]}, bindings:',
        (
            f"7: {NUMBER}.routing.schedule[0].days: is not a stretch of days, got workdays; "
            "expected days such as mon-fri"
        ),
    ),
]
SECTIONS = [
    ("sead: 1", "9: sead: is not a known key, did you mean seed?"),
    ("seed: x", "9: seed: is text, got x; expected a whole number from 0 to"),
    ("seed: 1\nseed: 2", "10: seed: is given twice"),
    ("desk: {secret: plain}", "9: desk.secret: is not a webhook secret"),
    ("timeline: 5", "9: timeline: is a number, expected a list"),
    ('timeline: [{number: "4006220001", set: {state: idle}}]', "timeline[0]: has no `at`"),
    ("timeline: [{at: 1s}]", "timeline[0]: has nothing, expected `number`"),
    ("faults: [{provider: north}]", "9: faults[0].kind: is missing, expected one of http_500,"),
    (HEAD[len("providers:\n") :], "9: providers[1].name: is the name of a second provider `north`"),
]
FAULTS = [
    (
        "provider: south, kind: hang",
        "9: faults[0].provider: names the provider `south`, which is not",
    ),
    (
        "provider: north, kind: hangs",
        "9: faults[0].kind: is not one of the known values, got hangs; expected one of",
    ),
    (
        "provider: north, kind: hang, share: 3",
        "share: must be at most 1, got 3; expected a number from 0 to 1",
    ),
    (
        "provider: north, kind: hang, for: soon",
        "for: is not a duration, got soon; expected a duration such as 30s",
    ),
    ("provider: north, kind: hang, account: x", "names the account `x`, which is not at `north`"),
    ("provider: desk, kind: empty_page", "at the desk, which has no pages"),
    ("provider: desk, kind: hang, account: hq", "limits a fault of the desk"),
]
ENTRIES = [
    ('number: "4006220009", set: {state: idle}', "names the number 4006220009, which is not in"),
    ('number: "4008000010", set: {state: idle}', "names the number 4008000010, which is not in"),
    ('number: "4006220001", binding: b2, set: {state: off}', "names the binding `b2`"),
    ('number: "4008000009", binding: b3, set: {state: off}', "expected one of b1, b2"),
    ('number: "4006220001", set: {routing.wait: 5}', "set.routing.wait: cannot be set here"),
    (
        'number: "4006220001", set: {routing: {wait_seconds: x}}',
        "set.routing.wait_seconds: is text, got x; expected a number",
    ),
    ("account: north/x, set: {balance: 5}", "names the account `north/x`, which is not there"),
    ("account: north/hq, set: {state: idle}", "timeline[0].set.state: cannot be set here"),
    (
        "account: north/hq, numbers: every, set: {state: idle}",
        "numbers: is text, expected all or a list of numbers",
    ),
    ('complaint: {number: "123"}', "names the number 123, which is not in any account"),
    (
        "provider: north, clear: hangs",
        "timeline[0].clear: is not one of the known values, got hangs; expected all or",
    ),
    ("provider: north, fault: {kind: hang}, set: {}", "timeline[0].set: does not belong here"),
]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "1: (file): is empty, expected a mapping with `providers`"),
        ("a: [", "1: (file): ends inside a [ or {, add the ] or }"),
        ("seed: 1", "1: providers: is missing, expected a list"),
        *((HEAD.replace(old, new), line) for old, new, line in WORDS),
        *((f"{HEAD}{section}\n", line) for section, line in SECTIONS),
        *((f"{HEAD}faults: [{{{fault}}}]\n", line) for fault, line in FAULTS),
        *((f"{HEAD}timeline: [{{at: 1s, {entry}}}]\n", line) for entry, line in ENTRIES),
    ],
)
def test_a_mistake_is_reported_with_its_line_and_key(text, line):
    problems = _problems(text)
    assert any(line in problem for problem in problems), problems
    assert all(problem.startswith("w.yaml:") for problem in problems)


def test_the_world_those_mistakes_are_made_in_has_none():
    parse_world(HEAD)


def test_all_mistakes_are_reported_at_once_each_once():
    text = (
        HEAD.replace("id: b1", "id: b1, state: broken")
        + "seed: -1\nfaults: [{provider: south, kind: nap}]\nmore: 1\n"
    )
    assert [
        problem.split(": ")[0] + " " + problem.split(": ")[1] for problem in _problems(text)
    ] == [
        "w.yaml:7 providers[0].accounts[0].numbers[0].bindings[0].state",
        "w.yaml:9 seed",
        "w.yaml:10 faults[0].kind",
        "w.yaml:10 faults[0].provider",
        "w.yaml:11 more",
    ]


def test_an_unquoted_time_of_day_is_still_a_time():
    text = HEAD.replace(
        "bindings:", "routing: {schedule: [{days: sat, from: 08:30, to: 17:30}]}, bindings:"
    )
    assert parse_world(text).providers[0].accounts[0].numbers[0].routing.schedule[0].end == "17:30"


@pytest.mark.parametrize("number", ["t008000000", "400800000²", "٤008000000"])
def test_what_is_no_number_beside_generated_ones_is_reported(number):
    generated = (
        "seed: 7\nproviders:\n- name: north\n  dialect: generic\n  accounts:\n  - id: hq\n"
        "    credentials: {key: k, secret: s}\n"
        '    generate: {count: 3, first: "4008000000"}\n'
        f'    numbers: [{{number: "{number}", state: active}}]\n'
    )
    assert any("number" in line for line in _problems(generated))


def test_a_file_that_is_not_there_is_an_error_too(tmp_path):
    with pytest.raises(WorldFileError, match="cannot be read"):
        read_world(tmp_path / "none.yaml")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=True),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


def _read_or_refused(document):
    try:
        parse_world(yaml.safe_dump(document, allow_unicode=True), "w.yaml")
    except WorldFileError as error:
        return tuple(problem.line for problem in error.errors)
    return (1,)


@settings(deadline=None)
@given(st.sampled_from(["seed", "providers", "faults", "timeline", "desk"]), _VALUES)
def test_any_value_anywhere_is_read_or_refused_with_its_line(key, value):
    lines = _read_or_refused(yaml.safe_load(HEAD) | {key: value})
    assert lines
    assert min(lines) >= 1


def _places(value):
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


@settings(deadline=None)
@given(st.data())
def test_a_value_of_another_shape_deep_in_the_file_never_crashes(data):
    document = yaml.safe_load(FULL)
    places = list(_places(document))
    holder, key = places[data.draw(st.integers(0, len(places) - 1))]
    holder[key] = data.draw(_VALUES)
    assert _read_or_refused(document)

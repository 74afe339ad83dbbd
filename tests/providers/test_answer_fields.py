"""What fills a field: parts of texts, conditions, sums over lists, times, prefixes of numbers."""

import time

import pytest

from agent.net.exchange import ProviderError
from tests.providers.answers import failure_of, mistakes, numbers_of, reading

NUMBER = "4006220001"
STATE = {"const": "active"}
MARCH = 1_772_323_200.0  # 2026-03-01T00:00:00Z


async def number_of(bench, folder, record, **fields):
    rules = {"number": "n", "state": STATE, **fields}
    body = {"items": [{"n": NUMBER, **record}]}
    (number,) = await numbers_of(bench, folder, body, records="items", fields=rules)
    return number


async def balance_of(bench, folder, body, **fields):
    rules = {"amount": "amount", "currency": {"const": "CNY"}, **fields}
    operation = {"path": "/balance", "fields": rules}
    async with reading(bench, folder, body, balance=operation) as provider:
        return await provider.balance()


VOLCENGINE = {
    "first_of": [
        {"when": {"code": [1], "bound": True}, "const": "active"},
        {"when": {"code": [1], "bound": {"none_of": [True]}}, "const": "idle"},
        {"when": {"code": [3], "reason": {"match": "欠费|arrears"}}, "const": "suspended_arrears"},
        {"when": {"code": {"any_of": [2, 3]}}, "const": "suspended_requested"},
        {"when": {"code": -1}, "const": "cancelled"},
    ]
}


@pytest.mark.parametrize(
    ("record", "state"),
    [
        ({"code": 1, "bound": True}, "active"),
        ({"code": 1, "bound": False}, "idle"),
        ({"code": 3, "reason": "账户欠费停机"}, "suspended_arrears"),
        ({"code": 3, "reason": "other"}, "suspended_requested"),
        ({"code": 3}, "suspended_requested"),
        ({"code": "-1"}, "cancelled"),
    ],
)
async def test_several_values_decide(bench, tmp_path, record, state):
    assert (await number_of(bench, tmp_path, record, state=VOLCENGINE)).state == state
    assert bench.counts.unmapped == {}


@pytest.mark.parametrize("record", [{"code": 9, "bound": True}, {"code": 1}])
async def test_what_no_condition_describes_is_unknown_and_counted(bench, tmp_path, record):
    assert (await number_of(bench, tmp_path, record, state=VOLCENGINE)).state == "unknown"
    assert bench.counts.unmapped == {"numbers.state": 1}


async def test_without_any_of_the_values_the_record_does_not_fit(bench, tmp_path):
    body = {"items": [{"n": NUMBER, "status": 1}]}
    rules = {"number": "n", "state": VOLCENGINE}
    error = await failure_of(bench, tmp_path, body, records="items", fields=rules)
    assert "record 0: state is missing at code or bound" in error.detail
    assert "keys there: n, status" in error.detail


RECLAIMED = {
    "first_of": [
        {"when": {"EndTime": {"past": True, "convert": "epoch"}}, "const": "reclaimed"},
        {"path": "State", "values": {"1": "active", "2": "suspended_arrears"}},
    ]
}


@pytest.mark.parametrize(
    ("end", "state"),
    [(MARCH, "reclaimed"), (str(int(MARCH)), "reclaimed"), (4e9, "active"), (None, "active")],
)
async def test_an_end_in_the_past_decides(bench, tmp_path, end, state):
    record = {"State": 1, "EndTime": end if isinstance(end, str) or end is None else int(end)}
    assert (await number_of(bench, tmp_path, record, state=RECLAIMED)).state == state


async def test_an_end_that_is_no_time_leaves_the_state_unknown(bench, tmp_path):
    items = [{"n": f"40062200{place:02}", "State": 1, "EndTime": 4000000000} for place in range(9)]
    items[3]["EndTime"] = "soon"
    numbers = await numbers_of(
        bench,
        tmp_path,
        {"items": items},
        records="items",
        fields={"number": "n", "state": RECLAIMED},
    )
    assert [str(it.state) for it in numbers].count("active") == 8
    assert numbers[3].state == "unknown"
    assert bench.counts.invalid == {"numbers": 1}


async def test_an_unchanged_page_is_read_anew_where_the_clock_decides(bench, tmp_path):
    end = time.time() + 1.0
    body = {"items": [{"n": NUMBER, "State": 1, "EndTime": f"{end:.3f}"}]}
    operation = {
        "path": "/n",
        "records": "items",
        "paging": {"kind": "page"},
        "fields": {"number": "n", "state": RECLAIMED},
    }
    async with reading(bench, tmp_path, body, numbers=operation) as provider:
        states = {str((await provider.numbers()).numbers[0].state)}
        while time.time() < end + 5 and "reclaimed" not in states:
            states.add(str((await provider.numbers()).numbers[0].state))
    assert states == {"active", "reclaimed"}


@pytest.mark.parametrize(
    ("record", "rule", "value"),
    [
        ({"u": "sip:1001@pbx.example"}, {"path": "u", "match": "^sip:([^@;]+)"}, "1001"),
        ({"u": 14001}, {"path": "u", "match": "^1(4[0-9]+)$"}, "4001"),
        (
            {"a": "tel:801", "b": "sip:802@x"},
            {"first_of": [{"path": p, "match": "^sip:([^@]+)"} for p in ("a", "b")]},
            "802",
        ),
        ({"u": "tel:1"}, {"path": "u", "match": "^sip:(.+)", "default": "none"}, "none"),
        ({}, {"path": "u", "match": "^sip:(.+)", "default": "none"}, ""),
    ],
)
async def test_a_part_of_a_text(bench, tmp_path, record, rule, value):
    assert (await number_of(bench, tmp_path, record, company=rule)).company == value
    assert bench.counts.invalid == {}


async def test_a_word_out_of_a_text_is_mapped_and_counted_where_it_is_not(bench, tmp_path):
    rule = {"path": "s", "match": "^state=([a-z]+)", "values": {"up": "active"}}
    assert (await number_of(bench, tmp_path, {"s": "state=up;x"}, state=rule)).state == "active"
    for word in ("state=down", "nothing"):
        assert (await number_of(bench, tmp_path, {"s": word}, state=rule)).state == "unknown"
    assert bench.counts.unmapped == {"numbers.state": 2}


async def test_a_text_without_the_part_loses_the_field_and_says_where(bench, tmp_path):
    body = {"items": [{"n": NUMBER, "u": "tel:13812345678"}]}
    rules = {"number": "n", "state": STATE, "company": {"path": "u", "match": "^sip:(.+)"}}
    error = await failure_of(bench, tmp_path, body, records="items", fields=rules)
    assert "record 0: company is a text of 15 characters at u, expected a text in whic" in (
        error.detail
    )
    assert "138" not in error.detail


HUAWEI = {
    "account_balances": [
        {"account_type": 1, "amount": 12.5},
        {"account_type": 2, "amount": 1000},
        {"account_type": 1, "amount": "0.1"},
    ],
    "cash": "10.10",
    "owed": 250,
}


@pytest.mark.parametrize(
    ("rule", "amount"),
    [
        ({"path": "account_balances", "where": {"account_type": 1}, "sum": "amount"}, 12.6),
        ({"path": "account_balances", "where": {"account_type": 2}, "first": "amount"}, 1000.0),
        ({"path": "account_balances", "sum": "amount", "scale": "0.01"}, 10.126),
        ({"sum_of": ["cash", {"path": "owed", "scale": "-0.01"}]}, 7.6),
        (
            {
                "sum_of": [
                    {"path": "account_balances", "where": {"account_type": [1]}, "sum": "amount"},
                    "cash",
                ]
            },
            22.7,
        ),
        (
            {
                "path": "account_balances",
                "where": {"account_type": 9},
                "sum": "amount",
                "default": "0",
            },
            0.0,
        ),
    ],
)
async def test_amounts_of_several_parts(bench, tmp_path, rule, amount):
    assert (await balance_of(bench, tmp_path, HUAWEI, amount=rule)).amount == amount


UNFIT = {
    "no item is chosen": (
        {"path": "account_balances", "where": {"account_type": 9}, "sum": "amount"},
        "amount is a list of 3 at account_balances",
    ),
    "an item without what chooses": (
        {"path": "account_balances", "where": {"type": 1}, "sum": "amount"},
        "expected a list whose items have type",
    ),
    "an item without its amount": (
        {"path": "account_balances", "sum": "money"},
        "expected amounts at money of its items",
    ),
    "a part that is missing": (
        {"sum_of": ["cash", "credit"]},
        "amount is missing at credit, expected an amount, as the other parts",
    ),
    "a part that is no amount": (
        {"sum_of": ["cash", "account_balances"]},
        "amount is a list of 3 at account_balances, expected an amount",
    ),
}


@pytest.mark.parametrize("name", UNFIT)
async def test_a_sum_is_whole_or_unknown(bench, tmp_path, name):
    rule, words = UNFIT[name]
    with pytest.raises(ProviderError) as caught:
        await balance_of(bench, tmp_path, HUAWEI, amount=rule)
    assert words in caught.value.detail


async def test_counts_and_collected_texts(bench, tmp_path):
    body = {"n": NUMBER, "Details": [{"Called": "801", "on": True}, {"Called": 802, "on": False}]}
    routing = {
        "path": "/r",
        "fields": {
            "number": "n",
            "binding_order": {"path": "Details", "collect": "Called"},
            "concurrency_limit": {"path": "Details", "count": True},
            "trunk_capacity": {"path": "Details", "where": {"on": True}, "count": True},
            "blacklist": {"path": "missing", "collect": "Called"},
        },
    }
    numbers = {"path": "/n", "fields": {"number": "n", "state": STATE}}
    async with reading(bench, tmp_path, body, numbers=numbers, routing=routing) as provider:
        found = (await provider.routing([NUMBER]))[NUMBER]
    assert found.binding_order == ("801", "802")
    assert (found.concurrency_limit, found.trunk_capacity) == (2, 1)
    assert found.blacklist == ()


@pytest.mark.parametrize(
    ("rule", "raw", "moment"),
    [
        ({"convert": "epoch"}, 1772323200, MARCH),
        ({"convert": "epoch"}, 1772323200000, MARCH),
        ({"convert": "epoch"}, "1772323200", MARCH),
        ({"convert": "epoch"}, "1772323200000", MARCH),
        ({"convert": "compact", "zone": "+08:00"}, "20260301080000", MARCH),
        ({"convert": "compact"}, 20260301, MARCH),
        ({"convert": "compact"}, "202603010000", MARCH),
        ({"convert": "iso", "empty": ["-"]}, "-", None),
        ({"convert": "epoch", "empty": [0]}, 0, None),
        ({"convert": "rfc2822"}, "Sun, 01 Mar 2026 08:00:00 +0800", MARCH),
        ({"convert": "iso", "zone": "+08:00"}, "2026-03-01 08:00:00", MARCH),
    ],
)
async def test_times(bench, tmp_path, rule, raw, moment):
    number = await number_of(bench, tmp_path, {"t": raw}, contract_end={"path": "t", **rule})
    assert number.contract_end == moment
    assert bench.counts.invalid == {}


@pytest.mark.parametrize("raw", ["20261301", "2026030", "202603010", True, [], "x" * 99, 10**40])
@pytest.mark.parametrize("convert", ["compact", "epoch"])
async def test_what_is_no_time_is_said_to_be_none(bench, tmp_path, convert, raw):
    rules = {"number": "n", "state": STATE, "contract_end": {"path": "t", "convert": convert}}
    body = {"items": [{"n": NUMBER, "t": raw}]}
    if convert == "epoch" and str(raw).isdigit() and len(str(raw)) < 15:
        return  # a count of seconds
    error = await failure_of(bench, tmp_path, body, records="items", fields=rules)
    assert "record 0: contract_end is " in error.detail


@pytest.mark.parametrize(
    ("written", "rule", "number"),
    [
        ("+864006220001", {"strip_prefixes": ["+86", "0086"]}, "4006220001"),
        ("00864006220001", {"strip_prefixes": ["+86", "0086"]}, "4006220001"),
        ("447700900000", {"add_prefix": "+"}, "+447700900000"),
        ("+447700900000", {"add_prefix": "+"}, "+447700900000"),
        ("00447700900000", {"strip_prefixes": ["00"], "add_prefix": "+"}, "+447700900000"),
        (4006220001, {"convert": "whole_number"}, "4006220001"),
        (864006220001, {"convert": "whole_number", "strip_prefixes": ["86"]}, "4006220001"),
    ],
)
async def test_prefixes_of_numbers(bench, tmp_path, written, rule, number):
    found = await number_of(bench, tmp_path, {"w": written}, number={"path": "w", **rule})
    assert found.number == number


async def test_values_may_be_negative_or_switches(bench, tmp_path):
    file = tmp_path / "words.yaml"
    file.write_text(
        "name: words\ntitle: Words\nnumbers:\n  path: /n\n  records: items\n  fields:\n"
        "    number: n\n    state: {path: s, values: {-1: cancelled, true: active, 0: frozen}}\n"
    )
    from agent.providers.profile.load import read_profile  # noqa: PLC0415 - of this test alone

    values = read_profile(file).numbers.fields["state"].values
    rule = {"path": "s", "values": dict(values)}
    for raw, state in ((-1, "cancelled"), (True, "active"), ("0", "frozen"), (False, "unknown")):
        assert (await number_of(bench, tmp_path, {"s": raw}, state=rule)).state == state


async def test_first_of_beside_a_path_is_tried_first(bench, tmp_path):
    rule = {"path": "b", "first_of": ["a"]}
    assert (await number_of(bench, tmp_path, {"a": "x", "b": "y"}, company=rule)).company == "x"
    assert (await number_of(bench, tmp_path, {"b": "y"}, company=rule)).company == "y"


async def test_the_own_word_for_the_state_comes_from_its_alternatives(bench, tmp_path):
    number = await number_of(bench, tmp_path, {"State": 2, "EndTime": None}, state=RECLAIMED)
    assert (number.state, number.native_status) == ("suspended_arrears", "2")


MISTAKES = [
    ({"company": {"path": "a", "match": "sip:.*"}}, "company.match: is no regular expression of"),
    ({"company": {"path": "a", "match": "(a)(b)"}}, "company.match: is no regular expression of"),
    ({"company": {"const": "x", "match": "(a)"}}, "company.match: is about the value at a path"),
    ({"realname_ok": {"path": "a", "match": "(a)"}}, "realname_ok.match: takes a part of a text"),
    ({"company": {"path": "a", "sum": "b"}}, "company.sum: is for amounts and whole numbers"),
    ({"company": {"path": "a", "collect": "b"}}, "company.collect: is for lists of texts, which"),
    ({"company": {"path": "a", "where": {"b": 1}}}, "company.where: chooses items of a list"),
    ({"company": {"path": "a", "first": "b", "count": True}}, "company.count: does not go with fi"),
    ({"company": {"path": "a", "scale": "0.01"}}, "company.scale: has no effect here, as it is fo"),
    (
        {"company": {"path": "a", "zone": "+08:00"}},
        "company.zone: has no effect here, as it is for",
    ),
    (
        {"company": {"path": "a", "strip_prefixes": ["+"]}},
        "company.strip_prefixes: has no effect here, as it is for number, phone, whole_number",
    ),
    ({"company": {"when": {"a": 1}}}, "company: says nothing, expected path, first_of or const"),
    (
        {"company": {"path": "a", "when": {"^.b": 1}}},
        "company.when.^.b: leads out of the outermost",
    ),
    (
        {"company": {"path": "a", "when": {"b": {"past": True, "zone": "x"}}}},
        "company.when.b.zone:",
    ),
    (
        {"state": {"first_of": [{"when": {"a": 1}, "const": "active"}], "default": "active"}},
        "state.default: hides what is not known, expected unknown",
    ),
    (
        {"state": {"first_of": [{"when": {"a": 1}, "const": "working"}]}},
        "state.first_of[0].const: is none of ours, expected one of idle",
    ),
    ({"company": {"path": "a", "empty": []}, "carrier": {"empty": ["-"]}}, "carrier"),
    ({"company": {"path": "a", "default": "x"}}, "company.default: is for words that are not lis"),
]


@pytest.mark.parametrize(("fields", "words"), MISTAKES)
def test_each_mistake_is_reported_at_load(tmp_path, fields, words):
    fields = {"number": "n", "state": STATE, **fields}
    errors = mistakes(tmp_path, numbers={"path": "/n", "fields": fields})
    assert [it for it in errors if it.startswith(f"numbers.fields.{words}")], errors
    assert len(errors) == 1, errors


SUMS = [
    ({"sum_of": ["a"], "path": "b"}, "sum_of: does not go with path, first_of or const"),
    ({"sum_of": [{"path": "a", "values": {"x": "1"}}]}, "sum_of[0].values: has no effect in a sum"),
    ({"sum_of": [{"scale": "1"}]}, "sum_of[0]: says nothing, expected path"),
    ({"sum_of": [{"path": "a", "scale": "x"}]}, "sum_of[0].scale: is no factor"),
    ({"sum_of": ["^.a"]}, "sum_of[0].path: leads out of the outermost record"),
]


@pytest.mark.parametrize(("rule", "words"), SUMS)
def test_each_mistake_of_a_sum_is_reported_at_load(tmp_path, rule, words):
    fields = {"amount": rule, "currency": {"const": "CNY"}}
    errors = mistakes(tmp_path, balance={"path": "/b", "fields": fields})
    assert [it for it in errors if it.startswith(f"balance.fields.amount.{words}")], errors
    assert len(errors) == 1, errors


def test_rules_nest_so_deep_and_no_deeper(tmp_path):
    rule = {"path": "a"}
    for _ in range(8):
        rule = {"first_of": [rule]}
    fields = {"number": "n", "state": STATE, "company": rule}
    (error,) = mistakes(tmp_path, numbers={"path": "/n", "fields": fields})
    assert "nests deeper than 6 rules" in error

"""Columns and single records give the same facts; nothing odd passes for something plain."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Number
from agent.providers.profile.load import load_profile
from agent.providers.profile.mapping import RecordMapper
from agent.providers.profile.schema import Operation
from agent.providers.profile.targets import TARGETS
from agent.states import BindingKind, Capability, NetworkState, NumberState
from tests.proof_size import size

GENERIC = load_profile("generic")
TWILIO = load_profile("twilio")


class CountingMapper:
    """A mapper that adds up the unmapped values of its pages."""

    def __init__(self, operation, capability=Capability.NUMBERS):
        self.unmapped = {}
        self._mapper = RecordMapper(TARGETS[capability], operation)

    def map_page(self, records):
        mapped = self._mapper.map_page(records)
        for name, count in mapped.unmapped:
            self.unmapped[name] = self.unmapped.get(name, 0) + count
        return mapped


def numbers(**fields):
    rules = {"number": "number", "state": "state", **fields}
    return Operation.model_validate({"path": "/x", "fields": rules})


PLAIN = {
    "number": st.sampled_from(["4006220001", "4008000000", "4001112223"]),
    "state": st.sampled_from(["active", "suspended_arrears", "unknown"]),
    "network_state": st.sampled_from(["active", "loaded"]),
    "reason": st.sampled_from(["", "欠费", "x" * 300, "a\nb\x00c\u202e"]),
    "company": st.sampled_from(["示例公司", "Example"]),
    "carrier": st.sampled_from(["unicom", ""]),
    "grade": st.sampled_from(["AAA", "standard"]),
    "contract_end": st.sampled_from(["2027-03-01", None]),
    "reclaim_at": st.sampled_from([None, "2027-03-01T00:00:00Z"]),
    "realname_ok": st.sampled_from([True, False, None]),
}
ODD = st.sampled_from(
    [None, "", 0, 1, -1, True, False, 1.0, [], {}, "?", "active", [1], "+86 400-622-0001", "9" * 99]
)


@st.composite
def pages(draw):
    records = draw(st.lists(st.fixed_dictionaries(PLAIN), max_size=6))
    for record in records:
        for key in draw(st.sets(st.sampled_from(sorted(PLAIN)), max_size=2)):
            if draw(st.booleans()):
                del record[key]
            else:
                record[key] = draw(ODD)
    if draw(st.integers(0, 9)) == 0:
        records.append(draw(ODD))
    return records


def outcome(counting, mapped):
    return mapped.facts, mapped.records, mapped.invalid, counting.unmapped


@settings(max_examples=size(120, 1200))
@given(pages())
def test_a_page_and_its_records_one_by_one_give_the_same(records):
    whole, single = CountingMapper(GENERIC.numbers), CountingMapper(GENERIC.numbers)
    by_page = outcome(whole, whole.map_page(copy.deepcopy(records)))
    # What is not an object makes the mapper give up the columns and take record by record.
    one_by_one = outcome(single, single.map_page([*copy.deepcopy(records), "not an object"]))
    assert by_page[0] == one_by_one[0]
    assert by_page[1] == one_by_one[1] - 1 == len(records)
    assert by_page[2] == one_by_one[2] - 1
    assert by_page[3] == one_by_one[3]


@given(pages(), pages())
def test_what_one_page_taught_changes_nothing_on_the_next(first, second):
    used, fresh = CountingMapper(GENERIC.numbers), CountingMapper(GENERIC.numbers)
    used.map_page(first)
    used.unmapped.clear()
    assert outcome(used, used.map_page(second)) == outcome(fresh, fresh.map_page(second))


def test_one_and_true_are_different_words():
    operation = numbers(state={"path": "s", "values": {"1": "active", "true": "frozen"}})
    for page in ([{"number": "400", "s": 1}], [{"number": "400", "s": True}]) * 2:
        counting = CountingMapper(operation)
        counting.map_page([{"number": "400", "s": 1}])
        expected = NumberState.FROZEN if page[0]["s"] is True else NumberState.ACTIVE
        assert counting.map_page(page).facts[0].state is expected


@pytest.mark.parametrize("word", ["running", "ACTIVE", " active", 7, -1, False])
def test_a_word_without_meaning_is_unknown_and_counted(word):
    counting = CountingMapper(GENERIC.numbers)
    record = dict.fromkeys(PLAIN) | {"number": "4006220001", "state": word}
    mapped = counting.map_page([record, {**record, "number": "4006220002"}])
    assert [it.state for it in mapped.facts] == [NumberState.UNKNOWN] * 2
    assert mapped.invalid == 0
    assert counting.unmapped == {"state": 2}


def test_an_odd_record_loses_a_field_but_not_its_number():
    counting = CountingMapper(GENERIC.numbers)
    good = {"number": "4006220001", "state": "active", "contract_end": "2027-03-01"}
    bad = {"number": "4006220002", "state": "active", "contract_end": {"year": 2027}}
    mapped = counting.map_page([good, bad])
    assert [it.number for it in mapped.facts] == ["4006220001", "4006220002"]
    assert mapped.facts[1].contract_end is None
    assert mapped.invalid == 1


@pytest.mark.parametrize("number", [None, "", 4006220001, "abc", "1" * 25, [], {"a": 1}, "４００"])
def test_a_record_without_its_number_is_skipped(number):
    mapped = CountingMapper(GENERIC.numbers).map_page([{"number": number, "state": "active"}])
    assert (mapped.facts, mapped.invalid) == ([], 1)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("+864006220001", "4006220001"),
        ("00864006220001", "4006220001"),
        ("400-622-0001", "4006220001"),
        ("(400) 622 0001", "4006220001"),
        ("+18089255327", "+18089255327"),
    ],
)
def test_numbers_are_normalised(written, read):
    operation = numbers(number={"path": "n", "strip_prefixes": ["+86", "0086"]})
    mapped = CountingMapper(operation).map_page([{"n": written, "state": "active"}])
    assert mapped.facts[0].number == read


def test_strings_are_shared_between_pages():
    counting = CountingMapper(GENERIC.numbers)
    pages = [
        counting.map_page(
            json.loads(json.dumps([{"number": "4006220001", "company": "示例", "state": "loud"}]))
        )
        for _ in range(2)
    ]
    first, second = (page.facts[0] for page in pages)
    assert first.company is second.company
    assert first.native_status is second.native_status


def balance_of(record, **fields):
    rules = {"amount": "amount", "currency": "currency", **fields}
    operation = Operation.model_validate({"path": "/x", "fields": rules})
    mapper = CountingMapper(operation, Capability.BALANCE)
    return mapper.map_page([record])


@pytest.mark.parametrize(
    ("raw", "scale", "amount"),
    [
        ("120.50", None, 120.5),
        ("-0.01", None, -0.01),
        (12050, "0.01", 120.5),
        ("12050", "0.01", 120.5),
        (120.5, None, 120.5),
        (0, None, 0.0),
        ("0.1", "3", 0.3),  # a decimal, not a float, is multiplied
    ],
)
def test_money(raw, scale, amount):
    rule = {"path": "amount", **({"scale": scale} if scale else {})}
    mapped = balance_of({"amount": raw, "currency": "cny"}, amount=rule)
    assert (mapped.facts[0].amount, mapped.facts[0].currency) == (amount, "CNY")


@pytest.mark.parametrize("raw", [None, "", "1,000", "NaN", "1e5", "∞", True, [], "1" * 30])
def test_what_is_not_money_is_no_balance(raw):
    assert balance_of({"amount": raw, "currency": "CNY"}).facts == []


def test_a_fixed_currency_and_a_nested_text():
    record = {"data": '{"value": "4.20"}', "n": {"x": "1"}}
    mapped = balance_of(
        record, amount="data.@json.value", currency={"const": "EUR"}, daily_spend="n.x"
    )
    assert (mapped.facts[0].amount, mapped.facts[0].currency) == (4.2, "EUR")
    assert mapped.facts[0].daily_spend == 1.0


MARCH = 1_772_323_200.0  # 2026-03-01T00:00:00Z


@pytest.mark.parametrize(
    ("rule", "raw", "moment"),
    [
        ({"convert": "iso"}, "2026-03-01", MARCH),
        ({"convert": "iso", "zone": "+08:00"}, "2026-03-01 08:00:00", MARCH),
        ({"convert": "iso", "zone": "+08:00"}, "2026-03-01T00:00:00Z", MARCH),
        ({"convert": "iso"}, "2026-03-01T08:00:00.000+08:00", MARCH),
        ({"convert": "epoch_s"}, 1772323200, MARCH),
        ({"convert": "epoch_s"}, "1772323200", MARCH),
        ({"convert": "epoch_ms"}, 1772323200000, MARCH),
        ({"convert": "rfc2822"}, "Sun, 01 Mar 2026 00:00:00 +0000", MARCH),
    ],
)
def test_times(rule, raw, moment):
    operation = numbers(contract_end={"path": "t", **rule})
    record = {"number": "4006220001", "state": "active", "t": raw}
    assert CountingMapper(operation).map_page([record]).facts[0].contract_end == moment


@pytest.mark.parametrize("convert", ["iso", "epoch_s", "epoch_ms", "rfc2822"])
@pytest.mark.parametrize(
    "raw", ["soon", True, [], {}, "9" * 40, -5, "x" * 10**6, "2026-13-01", 10**14, 1e308]
)
def test_what_is_not_a_time_is_lost_and_counted(convert, raw):
    operation = numbers(contract_end={"path": "t", "convert": convert})
    record = {"number": "4006220001", "state": "active", "t": raw}
    mapped = CountingMapper(operation).map_page([record])
    if mapped.invalid == 0:  # a number of seconds may well be milliseconds
        assert 0 <= mapped.facts[0].contract_end < 253402300800
    else:
        assert mapped.facts[0].contract_end is None


def test_twilio_points_at_what_is_rung():
    counting = CountingMapper(TWILIO.reachability, Capability.REACHABILITY)
    rows = [
        {"phone_number": "+1555", "trunk_sid": "TK1", "voice_url": "https://x.example/?key=s"},
        {"phone_number": "+1556", "trunk_sid": None, "voice_application_sid": "AP1"},
        {"phone_number": "+1557", "trunk_sid": "", "voice_url": "https://u:p@x.example/a?key=s"},
        {"phone_number": "+1558", "trunk_sid": None, "voice_url": None},
        {"phone_number": "+1559", "voice_application_sid": "", "voice_url": ""},
    ]
    mapped = counting.map_page(rows)
    assert [(number, it.id, it.kind) for number, it in mapped.facts] == [
        ("+1555", "TK1", BindingKind.TRUNK),
        ("+1556", "AP1", BindingKind.PBX),
        ("+1557", "x.example", BindingKind.PBX),
    ]
    assert (mapped.records, mapped.invalid) == (5, 0)


def test_twilio_calls_leave_out_what_is_not_over_or_not_inbound():
    counting = CountingMapper(TWILIO.calls, Capability.CALLS)
    base = {
        "sid": "CA1",
        "to": "+1555",
        "from": "+1999",
        "start_time": "Fri, 18 Oct 2019 17:02:00 +0000",
        "duration": "4",
        "direction": "inbound",
    }
    states = ["completed", "busy", "no-answer", "failed", "canceled", "ringing", "weird"]
    rows = [{**base, "sid": f"CA{at}", "status": status} for at, status in enumerate(states)]
    rows.append({**base, "sid": "CA9", "status": "completed", "direction": "outbound-api"})
    mapped = counting.map_page(rows)
    assert [it.result for it in mapped.facts] == [
        "answered",
        "busy",
        "no_answer",
        "network",
        "abandoned",
        "unknown",
    ]
    assert mapped.facts[0].talk_seconds == 4
    assert counting.unmapped == {"result": 1}


def test_nested_records_see_the_one_around_them():
    operation = Operation.model_validate(
        {
            "path": "/x",
            "each": "phones",
            "fields": {
                "number": "^.n",
                "id": "id",
                "phone": "called",
                "state": {"const": "unknown"},
            },
        }
    )
    record = {"n": "4006220001", "phones": [{"id": 1, "called": "138"}, {"id": 2, "called": "139"}]}
    mapped = CountingMapper(operation, Capability.REACHABILITY).map_page([record])
    assert [(number, it.id, it.phone) for number, it in mapped.facts] == [
        ("4006220001", "1", "138"),
        ("4006220001", "2", "139"),
    ]


def test_only_mapped_fields_leave():
    mapped = CountingMapper(GENERIC.numbers).map_page(
        [{"number": "4006220001", "state": "active", "auth_token": "s3cret"}]
    )
    assert mapped.facts == [
        Number("4006220001", NumberState.ACTIVE, NetworkState.UNKNOWN, native_status="active")
    ]
    assert "s3cret" not in repr(mapped)


SHORTENED = {name: it for name, it in TARGETS.items() if it.least is not None}


@pytest.mark.parametrize("target", SHORTENED.values(), ids=SHORTENED)
def test_fields_left_out_at_the_end_have_the_defaults_of_the_target(target):
    needed = [field.name for field in target.fields[: target.least]]
    whole = [*needed, *(field.default for field in target.fields[target.least :])]
    facts = [target.make(*whole[:end]) for end in range(target.least, len(whole) + 1)]
    assert facts == [target.make(*whole)] * len(facts)


@pytest.mark.parametrize("last", ["voicemail_unread", "colour_ring"])
def test_a_page_whose_records_have_a_late_field_keeps_it(last):
    operation = GENERIC.numbers
    value = 3 if last == "voicemail_unread" else True
    records = [{"number": f"400622000{at}", "state": "active"} for at in range(4)]
    short = RecordMapper(TARGETS[Capability.NUMBERS], operation).map_page(records)
    records[2][last] = value
    mixed = RecordMapper(TARGETS[Capability.NUMBERS], operation).map_page(records)
    assert [getattr(it, last) for it in mixed.facts] == [None, None, value, None]
    assert [it.number for it in short.facts] == [it.number for it in mixed.facts]
    assert (short.invalid, mixed.invalid) == (0, 0)

"""Where the records of an answer may be: texts, objects by key, several lists, lists in lists."""

import json

import pytest
from aiohttp import web

from agent.states import PollFailure
from tests.providers.answers import failure_of, mistakes, numbers_of, reading

FIRST, SECOND, THIRD = "4006220001", "4006220002", "4006220003"
STATE = {"const": "active"}
PLAIN = {"number": "@", "state": STATE}


def written(numbers):
    return {it.number: str(it.state) for it in numbers}


READINGS = {
    "plain texts": (
        {"hotlines": [FIRST, SECOND]},
        {"records": "hotlines", "fields": PLAIN},
        {FIRST: "active", SECOND: "active"},
    ),
    "plain numbers": (
        {"hotlines": [int(FIRST), int(SECOND)]},
        {
            "records": "hotlines",
            "fields": {"number": {"path": "@", "convert": "whole_number"}, "state": STATE},
        },
        {FIRST: "active", SECOND: "active"},
    ),
    "an object by number": (
        {"data": {FIRST: {"s": "on"}, SECOND: {"s": "off"}}},
        {
            "records": {"path": "data", "keyed": True},
            "fields": {
                "number": "@key",
                "state": {"path": "s", "values": {"on": "active", "off": "frozen"}},
            },
        },
        {FIRST: "active", SECOND: "frozen"},
    ),
    "an object from number to word": (
        {"data": {FIRST: 1, SECOND: -1}},
        {
            "records": {"path": "data", "keyed": True},
            "fields": {
                "number": "@key",
                "state": {"path": "@", "values": {"1": "active", "-1": "cancelled"}},
            },
        },
        {FIRST: "active", SECOND: "cancelled"},
    ),
    "an empty object that a server writes as a list": (
        {"data": []},
        {"records": {"path": "data", "keyed": True}, "fields": {"number": "@key", "state": STATE}},
        {},
    ),
    "several lists, one number in both": (
        {"service": [{"n": FIRST}], "display": [{"n": SECOND}, {"n": FIRST}]},
        {"records": ["service", "display"], "fields": {"number": "n", "state": STATE}},
        {FIRST: "active", SECOND: "active"},
    ),
    "a list of records in a text": (
        {"Code": "200", "Data": json.dumps({"list": [{"n": FIRST}, {"n": SECOND}]})},
        {"records": "Data.@json.list", "fields": {"number": "n", "state": STATE}},
        {FIRST: "active", SECOND: "active"},
    ),
    "texts in texts, and a field in one more": (
        {"Data": json.dumps({"in": json.dumps([{"n": FIRST, "info": json.dumps({"s": "1"})}])})},
        {
            "records": "Data.@json.in.@json",
            "fields": {"number": "n", "state": {"path": "info.@json.s", "values": {"1": "active"}}},
        },
        {FIRST: "active"},
    ),
    "a list in a list": (
        {"apps": [{"id": 1, "phones": [{"n": FIRST}]}, {"id": 2, "phones": [{"n": SECOND}]}]},
        {"records": "apps", "each": "phones", "fields": {"number": "n", "state": STATE}},
        {FIRST: "active", SECOND: "active"},
    ),
    "a text in a list in an object in a list": (
        {"a": [{"s": "on", "by": {"x": {"tels": [FIRST]}, "y": {"tels": [SECOND, THIRD]}}}]},
        {
            "records": {
                "path": "a",
                "each": {"path": "by", "keyed": True, "each": {"path": "tels"}},
            },
            "fields": {
                "number": "@",
                "company": "^.@key",
                "state": {"path": "^.^.s", "values": {"on": "active"}},
            },
        },
        {FIRST: "active", SECOND: "active", THIRD: "active"},
    ),
    "nothing, where that may be": (
        {"count": 0},
        {
            "records": {"path": "numbers", "empty_when_absent": True},
            "fields": {"number": "n", "state": STATE},
        },
        {},
    ),
    "nothing in null": (
        {"data": None},
        {
            "records": {"path": "data.numbers", "empty_when_absent": True},
            "fields": {"number": "n", "state": STATE},
        },
        {},
    ),
}


@pytest.mark.parametrize("name", READINGS)
async def test_the_records_are_read(bench, tmp_path, name):
    body, operation, expected = READINGS[name]
    assert written(await numbers_of(bench, tmp_path, body, **operation)) == expected
    assert bench.counts.invalid == {}


async def test_outer_keys_reach_the_inner_records(bench, tmp_path):
    body, operation, _ = READINGS["a text in a list in an object in a list"]
    numbers = await numbers_of(bench, tmp_path, body, **operation)
    assert [it.company for it in numbers] == ["x", "y", "y"]


async def test_kamailio_style_levels_and_the_place_in_a_list(bench, tmp_path):
    body = {
        "result": {
            "Domains": [
                {
                    "Domain": {
                        "AoRs": [
                            {
                                "Info": {
                                    "AoR": FIRST,
                                    "Contacts": [
                                        {"Contact": {"Address": "sip:801@10.0.0.1:5060"}},
                                        {"Contact": {"Address": "sip:802@10.0.0.2"}},
                                    ],
                                }
                            }
                        ]
                    }
                }
            ]
        }
    }
    operation = {
        "path": "/x",
        "records": {"path": "result.Domains", "each": "Domain.AoRs"},
        "fields": {},
    }
    operation["records"]["each"] = {"path": "Domain.AoRs", "each": "Info.Contacts"}
    operation["fields"] = {
        "number": "^.Info.AoR",
        "id": {"path": "Contact.Address", "match": "^sip:([^@]+)@"},
        "phone": {"path": "Contact.Address", "match": "^sip:([^@]+)@"},
        "position": "@position",
        "state": {"const": "ok"},
    }
    async with reading(
        bench,
        tmp_path,
        body,
        numbers={"path": "/n", "records": "n", "fields": PLAIN},
        reachability=operation,
    ) as provider:
        found = await provider.reachability([FIRST])
    assert [(it.id, it.phone, it.position) for it in found[FIRST]] == [
        ("801", "801", 1),
        ("802", "802", 2),
    ]


FAILURES = {
    "a list that is missing": (
        {"count": 0},
        {"records": "numbers", "fields": PLAIN},
        "no records at numbers; keys there: count",
    ),
    "a list of another type is not an absent one": (
        {"numbers": "none"},
        {"records": {"path": "numbers", "empty_when_absent": True}, "fields": PLAIN},
        "no records at numbers",
    ),
    "something before it of another type": (
        {"data": "down for maintenance"},
        {"records": {"path": "data.numbers", "empty_when_absent": True}, "fields": PLAIN},
        "no records at data.numbers",
    ),
    "one of several lists": (
        {"service": []},
        {"records": ["service", "display"], "fields": PLAIN},
        "no records at display; keys there: service",
    ),
    "a list where an object was": (
        {"data": [{"s": 1}]},
        {"records": {"path": "data", "keyed": True}, "fields": {"number": "@key", "state": STATE}},
        "no records at data",
    ),
    "an inner list that is missing": (
        {"apps": [{"id": 7, "list": []}]},
        {"records": "apps", "each": "phones", "fields": {"number": "n", "state": STATE}},
        "record 0: its list is missing at phones, expected a list; keys there: id, list",
    ),
    "an object among texts": (
        {"hotlines": [{"number": FIRST}]},
        {"records": "hotlines", "fields": PLAIN},
        "record 0: number is missing at @; keys there: number",
    ),
    "a text among objects": (
        {"items": [FIRST]},
        {"records": "items", "fields": {"number": "n", "state": STATE}},
        "record 0: is a text of 10 characters, expected an object",
    ),
    "a text that is no JSON": (
        {"Data": "<html>"},
        {"records": "Data.@json.list", "fields": PLAIN},
        "not JSON",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_what_no_profile_describes_is_a_failure_with_its_place(bench, tmp_path, name):
    body, operation, words = FAILURES[name]
    error = await failure_of(bench, tmp_path, body, **operation)
    assert words in error.detail
    assert error.kind in (PollFailure.SCHEMA, PollFailure.DECODE)
    assert FIRST not in error.detail


async def test_a_broken_part_leaves_the_others(bench, tmp_path):
    apps = [{"phones": [{"n": f"40062200{place:02}"} for place in range(9)]}, {"other": 1}]
    numbers = await numbers_of(
        bench,
        tmp_path,
        {"apps": apps},
        records="apps",
        each="phones",
        fields={"number": "n", "state": STATE},
    )
    assert len(numbers) == 9
    assert bench.counts.invalid == {"numbers": 1}


async def test_a_field_in_broken_json_is_lost_alone(bench, tmp_path):
    records = [{"n": f"40062200{place:02}", "info": '{"end": "2027-01-01"}'} for place in range(9)]
    records[4]["info"] = "{"
    numbers = await numbers_of(
        bench,
        tmp_path,
        {"items": records},
        records="items",
        fields={"number": "n", "state": STATE, "contract_end": "info.@json.end"},
    )
    assert [it.contract_end is None for it in numbers].count(True) == 1
    assert numbers[4].contract_end is None


async def test_a_record_without_what_keep_decides_by_is_no_record_less(bench, tmp_path):
    records = [{"n": FIRST, "type": 3}, {"n": SECOND, "type": 1}]
    operation = {
        "records": "items",
        "keep": {"type": 3},
        "fields": {"number": "n", "state": STATE},
    }
    numbers = await numbers_of(bench, tmp_path, {"items": records}, **operation)
    assert [it.number for it in numbers] == [FIRST]
    renamed = [{"n": FIRST, "kind": 3}]
    error = await failure_of(bench, tmp_path, {"items": renamed}, **operation)
    assert "record 0: keep is missing at type" in error.detail


async def test_a_hostile_key_cannot_stand_for_ours(bench, tmp_path):
    body = {"data": {FIRST: {"@key": SECOND, "^": {"n": SECOND}, "s": "on"}}}
    numbers = await numbers_of(
        bench,
        tmp_path,
        body,
        records={"path": "data", "keyed": True},
        fields={"number": "@key", "state": STATE},
    )
    assert [it.number for it in numbers] == [FIRST]


MISTAKES = [
    ({"records": {"path": "a", "paths": ["b"]}}, "numbers.records.paths: does not go with path"),
    ({"records": "^.a"}, "numbers.records: is no path to a list"),
    ({"each": {"keyed": True}}, "numbers.each: does not say where the nested records are"),
    ({"records": {"path": "a", "keyd": True}}, "numbers.records.keyd: is not a known key"),
    (
        {"records": {"path": "a", "each": "b"}, "each": "c"},
        "numbers.each: does not go with each in records",
    ),
    ({"fields": {"number": "^.n"}}, "numbers.fields.number.path: leads out of the outermost"),
    ({"fields": {"number": "@key"}}, "numbers.fields.number.path: has @key of records without"),
    ({"fields": {"number": "a.@key"}}, "numbers.fields.number.path: is no path, expected ^, @"),
    ({"records": ".".join("a" * 21)}, "numbers.records: is too long, expected at most 20 steps"),
    ({"keep": {"a": {}}}, "numbers.keep.a: says nothing, expected one of any_of"),
    ({"keep": {"a": []}}, "numbers.keep.a.any_of: is empty, expected at least one word"),
    ({"skip": {"a": {"match": "("}}}, "numbers.skip.a.match: is no regular expression"),
    ({"skip": {"a": {"any_of": ["x"], "zone": "+08:00"}}}, "numbers.skip.a.zone: is for times"),
    (
        {"skip": {"a": {"past": True, "convert": "text"}}},
        "numbers.skip.a.convert: is no converter of times",
    ),
    (
        {"skip": {"a": {"exists": False, "any_of": ["x"]}}},
        "numbers.skip.a.exists: does not go with others",
    ),
]


@pytest.mark.parametrize(("change", "words"), MISTAKES)
def test_each_mistake_is_reported_at_load(tmp_path, change, words):
    fields = {"number": "n", "state": STATE, **change.pop("fields", {})}
    errors = mistakes(tmp_path, numbers={"path": "/n", **change, "fields": fields})
    assert [it for it in errors if it.startswith(words)], errors
    assert len(errors) == 1, errors


def test_too_deep_is_refused(tmp_path):
    lists = {"path": "a"}
    for _ in range(6):
        lists = {"path": "a", "each": lists}
    errors = mistakes(
        tmp_path,
        numbers={"path": "/n", "records": lists, "fields": {"number": "n", "state": STATE}},
    )
    assert errors == ["numbers.records: nests deeper than 6 levels, expected fewer"]


PHONES = {
    "path": "/phones",
    "records": "items",
    "fields": {"number": "n", "id": "id", "phone": "p", "state": {"const": "ok"}},
}


def bound(*odd):
    good = [{"n": FIRST, "id": str(place), "p": "801"} for place in range(10)]
    return {"items": [*good, *odd]}


@pytest.mark.parametrize(
    ("odd", "without_phones"),
    [
        ([], {SECOND, THIRD}),
        ([{"n": SECOND, "p": "802"}], {THIRD}),
        ([{"number": SECOND, "p": "802"}], set()),
        (["802"], set()),
    ],
)
async def test_a_number_whose_phone_cannot_be_read_is_not_without_one(
    bench, tmp_path, odd, without_phones
):
    numbers = {"path": "/n", "fields": {"number": "n", "state": STATE}}
    body = bound(*odd)
    async with reading(bench, tmp_path, body, numbers=numbers, reachability=PHONES) as provider:
        found = await provider.reachability([FIRST, SECOND, THIRD])
    assert {number for number, phones in found.items() if phones == ()} == without_phones
    assert len(found[FIRST]) == 10


async def test_nor_is_one_that_was_asked_for_alone(bench, tmp_path):
    numbers = {"path": "/n", "fields": {"number": "n", "state": STATE}}
    phones = {**PHONES, "path": "/phones/{number}"}

    async def handler(request):
        good = {"n": request.path.rsplit("/")[-1], "id": "1", "p": "801"}
        items = [{"id": [], "p": "802"}] if request.path.endswith(FIRST) else [good] * 1
        return web.Response(text=json.dumps({"items": items}), content_type="application/json")

    asked = [FIRST, *(f"40062299{place:02}" for place in range(9))]
    async with reading(bench, tmp_path, handler, numbers=numbers, reachability=phones) as provider:
        found = await provider.reachability(asked)
    assert FIRST not in found
    assert len(found) == 9

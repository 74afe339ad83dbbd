"""A second operation completes the facts of the first, and costs only its own fields."""

import json

import pytest
from aiohttp import web

from tests.providers.answers import mistakes, reading

FIRST, SECOND, THIRD = "4006220001", "4006220002", "4006220003"
PAST, LATER = 1_000_000_000, 4_000_000_000
PURCHASES = {
    "path": "/purchases",
    "records": {"path": "apps", "each": "phones"},
    "fields": {
        "number": {"path": "PhoneNum", "strip_prefixes": ["0086"]},
        "contract_end": {"path": "EndTime", "convert": "epoch"},
        "state": {
            "when": {"EndTime": {"past": True, "convert": "epoch"}},
            "const": "reclaimed",
        },
    },
}
NUMBERS = {
    "path": "/numbers",
    "records": "items",
    "fields": {
        "number": "n",
        "state": {"path": "s", "values": {"1": "active", "2": "suspended_arrears"}},
    },
    "merge": [PURCHASES],
}
LISTED = {"items": [{"n": FIRST, "s": 1}, {"n": SECOND, "s": 2}, {"n": THIRD, "s": 1}]}


def bought(**ends):
    return {"apps": [{"phones": [{"PhoneNum": f"0086{n}", "EndTime": e} for n, e in ends.items()]}]}


def answering(answers, seen=None):
    """A server that answers each path; a number is a status, and ``{}`` the last step of a path."""

    async def handler(request):
        if seen is not None:
            seen.append(request.path)
        found = answers.get(request.path)
        if isinstance(found, int):
            return web.Response(status=found, text="{}")
        return web.Response(text=json.dumps(found), content_type="application/json")

    return handler


async def listing(bench, folder, answers, operation=NUMBERS):
    async with reading(bench, folder, answering(answers), numbers=operation) as provider:
        numbers = (await provider.numbers()).numbers
    return {it.number: (str(it.state), it.contract_end) for it in numbers}


async def test_what_the_second_says_is_laid_over_the_first(bench, tmp_path):
    bodies = {"/numbers": LISTED, "/purchases": bought(**{FIRST: LATER, SECOND: PAST})}
    assert await listing(bench, tmp_path, bodies) == {
        FIRST: ("active", float(LATER)),
        SECOND: ("reclaimed", float(PAST)),
        THIRD: ("active", None),
    }
    assert bench.counts.invalid == bench.counts.unmapped == {}


@pytest.mark.parametrize(
    "answer",
    [500, 403, 429, {"apps": "none"}, {"other": []}, {"apps": [{"phones": [{"x": 1}]}]}, [], "x"],
)
async def test_its_failure_costs_its_own_fields_alone(bench, tmp_path, answer):
    bodies = {"/numbers": LISTED, "/purchases": answer}
    assert await listing(bench, tmp_path, bodies) == {
        FIRST: ("active", None),
        SECOND: ("suspended_arrears", None),
        THIRD: ("active", None),
    }
    assert bench.counts.invalid == {"numbers": 1}


async def test_a_failure_of_the_first_is_one(bench, tmp_path):
    bodies = {"/numbers": 500, "/purchases": bought(**{FIRST: LATER})}
    with pytest.raises(Exception, match="HTTP 500"):
        await listing(bench, tmp_path, bodies)


async def test_two_different_records_for_one_key_say_nothing(bench, tmp_path):
    phones = [{"PhoneNum": FIRST, "EndTime": end} for end in (PAST, LATER)]
    phones += [{"PhoneNum": THIRD, "EndTime": LATER}] * 2
    bodies = {"/numbers": LISTED, "/purchases": {"apps": [{"phones": phones}]}}
    found = await listing(bench, tmp_path, bodies)
    assert found[FIRST] == ("active", None)
    assert found[THIRD] == ("active", float(LATER))
    assert bench.counts.invalid == {"numbers": 1}


async def test_a_word_of_the_second_that_is_not_mapped_is_unknown(bench, tmp_path):
    states = {
        "path": "/purchases",
        "records": "items",
        "fields": {"number": "n", "state": {"path": "s", "values": {"ok": "active"}}},
    }
    operation = {**NUMBERS, "fields": {"number": "n"}, "merge": [states]}
    items = [{"n": FIRST, "s": "ok"}, {"n": SECOND, "s": "odd"}]
    bodies = {"/numbers": LISTED, "/purchases": {"items": items}}
    async with reading(bench, tmp_path, answering(bodies), numbers=operation) as provider:
        numbers = (await provider.numbers()).numbers
    assert [(str(it.state), it.native_status) for it in numbers] == [
        ("active", "ok"),
        ("unknown", "odd"),
        ("unknown", ""),
    ]
    assert bench.counts.unmapped == {"numbers.state": 1}
    assert bench.counts.invalid == {}


async def test_one_request_for_each_number(bench, tmp_path):
    detail = {
        "path": "/detail/{number}",
        "not_found_status": [404],
        "fields": {"company": "company"},
    }
    bodies = {
        "/numbers": LISTED,
        f"/detail/{FIRST}": {"company": "one"},
        f"/detail/{SECOND}": 404,
        f"/detail/{THIRD}": {"company": "three"},
    }
    operation = {**NUMBERS, "merge": [detail]}
    async with reading(bench, tmp_path, answering(bodies), numbers=operation) as provider:
        numbers = (await provider.numbers()).numbers
    assert [it.company for it in numbers] == ["one", "", "three"]


PHONES = {
    "path": "/phones/{number}",
    "records": "items",
    "fields": {"id": "ext", "phone": "ext", "state": {"path": "s", "values": {"0": "ok"}}},
    "merge": [
        {
            "path": "/registrations",
            "by": ["id"],
            "records": "items",
            "fields": {
                "id": "ext",
                "state": {"path": "up", "values": {"true": "ok", "false": "unregistered"}},
            },
        }
    ],
}


async def test_a_listing_completes_answers_about_single_numbers(bench, tmp_path):
    seen = []
    bodies = {
        "/numbers": LISTED,
        "/registrations": {"items": [{"ext": "801", "up": True}, {"ext": "802", "up": False}]},
        f"/phones/{FIRST}": {"items": [{"ext": "801", "s": 0}, {"ext": "802", "s": 0}]},
        f"/phones/{SECOND}": {"items": [{"ext": "803", "s": 0}]},
    }
    operations = {"numbers": {**NUMBERS, "merge": []}, "reachability": PHONES}
    async with reading(bench, tmp_path, answering(bodies, seen), **operations) as provider:
        found = await provider.reachability([FIRST, SECOND])
    states = {it.id: str(it.state) for phones in found.values() for it in phones}
    assert states == {"801": "ok", "802": "unregistered", "803": "ok"}
    assert seen.count("/registrations") == 1


async def test_a_balance_of_two_answers(bench, tmp_path):
    balance = {
        "path": "/balance",
        "fields": {"amount": "amount", "currency": {"const": "CNY"}},
        "merge": [{"path": "/spent", "fields": {"daily_spend": {"path": "fen", "scale": "0.01"}}}],
    }
    bodies = {"/balance": {"amount": "10.50"}, "/spent": {"fen": 120}}
    async with reading(bench, tmp_path, answering(bodies), balance=balance) as provider:
        found = await provider.balance()
    assert (found.amount, found.daily_spend) == (10.5, 1.2)
    bodies["/spent"] = 500
    async with reading(bench, tmp_path, answering(bodies), balance=balance) as provider:
        assert (await provider.balance()).daily_spend is None


async def test_a_second_host_is_an_address_of_the_profile(tmp_path):
    from pathlib import Path  # noqa: PLC0415 - of this test alone

    from agent.providers.profile.addresses import addresses_of  # noqa: PLC0415 - as above
    from agent.providers.profile.load import read_profile  # noqa: PLC0415 - as above
    from tests.providers.answers import profile_file  # noqa: PLC0415 - as above

    operation = {**NUMBERS, "merge": [{**PURCHASES, "base_url": "https://billing.example.com"}]}
    profile = read_profile(Path(profile_file(tmp_path, numbers=operation)))
    assert (("numbers", "merge", 0, "base_url"), "https://billing.example.com") in list(
        addresses_of(profile)
    )


MISTAKES = [
    ({"by": ["phone"]}, "numbers.merge[0].by[0]: is not a field, expected one of number"),
    (
        {"by": ["company"], "fields": {"company": "c", "carrier": "d"}},
        "numbers.merge[0].by[0]: is not read by numbers, expected company",
    ),
    ({"by": []}, "numbers.merge[0].by: is empty, expected the fields"),
    ({"merge": [PURCHASES]}, "numbers.merge[0].merge: does not nest"),
    ({"fields": {"number": "n"}}, "numbers.merge[0].fields: adds nothing, expected fields"),
    ({"fields": {"company": "c"}}, "numbers.merge[0].fields: has no number, which every record"),
    ({"method": "POST"}, "numbers.merge[0].method: may change something, expected GET"),
    ({"path": "/{secret}"}, "numbers.merge[0].path: has {secret}, expected one of"),
    ({"base_url": "ftp://x"}, "numbers.merge[0].base_url: "),
    ({"signing": {"headers": {"X": "{token}"}}}, "numbers.merge[0].signing.headers.X: has {token}"),
    (
        {"fields": {"number": "n", "state": {"const": "working"}}},
        "numbers.merge[0].fields.state.const: is none of ours",
    ),
]


@pytest.mark.parametrize(("change", "words"), MISTAKES)
def test_each_mistake_is_reported_at_load(tmp_path, change, words):
    operation = {**NUMBERS, "merge": [{**PURCHASES, **change}]}
    errors = mistakes(tmp_path, numbers=operation)
    assert [it for it in errors if it.startswith(words)], errors
    assert len(errors) == 1, errors


def test_calls_take_none(tmp_path):
    calls = {
        "path": "/c",
        "fields": {"id": "i", "number": "n", "started_at": "t", "result": "r"},
        "merge": [PURCHASES],
    }
    assert mistakes(tmp_path, calls=calls) == [
        "calls.merge: is not for calls, expected it in numbers, routing, reachability, balance"
    ]

"""Bodies as an API wants them: nested, typed, lists of parameters, forms, and pages inside them."""

import pytest

from agent.net.exchange import ProviderError
from agent.states import PollFailure
from tests.net.http_bench import serving
from tests.providers.profile_bench import Recorder, mistakes, number, profile_file

FIELDS = "fields: {number: number, state: state}"


async def listed(bench, tmp_path, text, answer, credentials=None):
    recorder = Recorder(answer)
    async with serving(recorder) as server:
        profile = profile_file(tmp_path, text)
        listing = await bench.provider(server.url, profile, credentials or {"key": "k-1"}).numbers()
    return listing, recorder.sent


async def test_values_are_sent_with_the_types_they_are_written_with(bench, tmp_path):
    text = f"""
options: {{app: "1400000000", limit: "20"}}
numbers:
  path: /query
  method: POST
  read: true
  body:
    Version: "2.0"
    Id: 1
    Ratio: 0.5
    Deep: {{All: true, None: null, Names: [a, "{{app}}", 3], Empty: {{}}, List: []}}
    App: "{{app|number}}"
    Text: "{{app}}"
    Both: "app {{app}}"
  records: items
  {FIELDS}
"""
    listing, sent = await listed(bench, tmp_path, text, lambda _: {"items": [number(1)]})
    assert len(listing.numbers) == 1
    assert sent[0].headers["Content-Type"] == "application/json"
    assert sent[0].json == {
        "Version": "2.0",
        "Id": 1,
        "Ratio": 0.5,
        "Deep": {
            "All": True,
            "None": None,
            "Names": ["a", "1400000000", 3],
            "Empty": {},
            "List": [],
        },
        "App": 1400000000,
        "Text": "1400000000",
        "Both": "app 1400000000",
    }


async def test_json_rpc_with_a_list_of_parameters(bench, tmp_path):
    text = f"""
numbers:
  path: /RPC
  method: POST
  read: true
  body: {{jsonrpc: "2.0", method: ul.dump, params: [location], id: 1}}
  records: result.Domains
  {FIELDS}
"""
    answer = {"jsonrpc": "2.0", "result": {"Domains": [number(1)]}, "id": 1}
    _, sent = await listed(bench, tmp_path, text, lambda _: answer)
    assert sent[0].json == {"jsonrpc": "2.0", "method": "ul.dump", "params": ["location"], "id": 1}


async def test_a_body_may_be_a_list(bench, tmp_path):
    text = f"""
numbers:
  path: /batch
  method: POST
  read: true
  body: [{{method: numbers, key: "{{key}}"}}, 7]
  records: items
  {FIELDS}
"""
    _, sent = await listed(bench, tmp_path, text, lambda _: {"items": []})
    assert sent[0].json == [{"method": "numbers", "key": "k-1"}, 7]


NESTED = f"""
numbers:
  path: /query
  method: POST
  read: true
  body: {{Filter: {{Kind: "400"}}, Page: {{Sort: asc}}}}
  paging: {{kind: page, param: Page.Number, size_param: Page.Size, size: 2}}
  records: items
  {FIELDS}
"""
NAMED = f"""
numbers:
  path: /query
  method: POST
  read: true
  body: {{Page: {{Number: "{{page|number}}", Size: "{{size|number}}", Text: "{{page}}"}}}}
  paging: {{kind: page, size: 2}}
  records: items
  {FIELDS}
"""
ROWS = [number(index) for index in range(5)]


@pytest.mark.parametrize("text", [NESTED, NAMED])
async def test_pages_inside_a_nested_body_are_numbers(bench, tmp_path, text):
    def answer(sent):
        page = sent.json["Page"]
        start = (page["Number"] - 1) * page["Size"]
        return {"items": ROWS[start : start + page["Size"]]}

    listing, sent = await listed(bench, tmp_path, text, answer)
    assert len(listing.numbers) == len(ROWS)
    assert [it.json["Page"]["Number"] for it in sent] == [1, 2, 3]
    if text is NESTED:
        assert sent[1].json == {
            "Filter": {"Kind": "400"},
            "Page": {"Sort": "asc", "Number": 2, "Size": 2},
        }
    else:
        assert sent[1].json == {"Page": {"Number": 2, "Size": 2, "Text": "2"}}


async def test_pages_in_a_form(bench, tmp_path):
    text = f"""
numbers:
  path: /query
  method: POST
  read: true
  form: {{kind: "400"}}
  paging: {{kind: offset, param: startNo, size_param: offset, size: 2}}
  records: items
  {FIELDS}
"""

    def answer(sent):
        start = int(sent.body.partition("startNo=")[2])
        return {"items": ROWS[start : start + 2]}

    listing, sent = await listed(bench, tmp_path, text, answer)
    assert len(listing.numbers) == len(ROWS)
    assert [it.body for it in sent] == [f"kind=400&offset=2&startNo={start}" for start in (0, 2, 4)]


async def test_pages_in_headers_and_the_path(bench, tmp_path):
    text = f"""
numbers:
  path: /numbers/{{page}}
  headers: {{X-Page: "{{page}}", X-Size: "{{size}}"}}
  paging: {{kind: page, size: 2, first: 0}}
  records: items
  {FIELDS}
"""

    def answer(sent):
        start = int(sent.headers["X-Page"]) * 2
        return {"items": ROWS[start : start + 2]}

    _, sent = await listed(bench, tmp_path, text, answer)
    assert [(it.path, it.headers["X-Size"], it.query) for it in sent] == [
        (f"/numbers/{page}", "2", {}) for page in range(3)
    ]


async def test_a_credential_that_is_no_number_is_named_and_not_shown(bench, tmp_path):
    text = f"""
numbers:
  path: /query
  method: POST
  read: true
  body: {{id: "{{key|number}}"}}
  records: items
  {FIELDS}
"""
    with pytest.raises(ProviderError) as caught:
        await listed(bench, tmp_path, text, lambda _: {"items": []}, {"key": "CANARY"})
    assert caught.value.kind is PollFailure.AUTH
    assert "{key|number}: key is no number" in caught.value.detail
    assert "CANARY" not in caught.value.detail


WHOLE = """\
name: example
title: Example
base_url: https://api.example.com
credentials: [key]
signing: {headers: {X-Key: "{key}"}}
numbers:
  path: /query
  method: POST
  read: true
  body:
    Filter: {Kind: ["400", "{key}"], Id: 1}
  paging: {kind: page, param: Filter.Page}
  records: items
  fields: {number: number, state: {const: active}}
"""


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ('"{key}"]', '"{kay}"]', "11: numbers.body.Filter.Kind[1]: has {kay}, expected one of key"),
        (
            '"{key}"]',
            '"{key|int}"]',
            "11: numbers.body.Filter.Kind[1]: has the filter int, expected",
        ),
        (
            "  read: true\n",
            "",
            "8: numbers.method: may change something, expected GET, or read: tr",
        ),
        (
            "param: Filter.Page",
            "param: Filter.Id.Page",
            "12: numbers.paging.param: leads to no map",
        ),
        (
            "  method: POST\n  read: true\n",
            "",
            "8: numbers.body: does not go with GET, expected me",
        ),
        (
            '{Kind: ["400", "{key}"], Id: 1}',
            "text",
            "12: numbers.paging.param: leads to no mapping",
        ),
        (
            "    Filter: {Kind",
            "    - {Kind",
            "12: numbers.paging.param: leads to no mapping of the",
        ),
        ("  records", "  form: {a: b}\n  records", "13: numbers.form: does not go with body, expe"),
        ("  body:\n", "  body: text\n  x:\n", "10: numbers.body: is "),
    ],
)
def test_each_mistake_has_its_line_and_remedy(tmp_path, good, bad, expected):
    assert mistakes(tmp_path, WHOLE) == []
    changed = WHOLE.replace(good, bad, 1)
    assert changed != WHOLE
    found = mistakes(tmp_path, changed)
    assert [it for it in found if it.startswith(expected)], found


def test_members_cannot_be_signed_into_a_list(tmp_path):
    changed = WHOLE.replace('{headers: {X-Key: "{key}"}}', '{body: {sign: "{key}"}}')
    assert mistakes(tmp_path, changed) == []
    changed = changed.replace("    Filter: {Kind", "    - {Kind").replace(
        "  paging: {kind: page, param: Filter.Page}\n", ""
    )
    found = mistakes(tmp_path, changed)
    assert [it for it in found if "adds members to the body, which is a list" in it], found

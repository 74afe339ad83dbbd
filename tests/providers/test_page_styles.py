"""Every style of pages, the ends they have, and listings that are truncated."""

import pytest

from agent.net.exchange import ProviderError
from agent.states import PollFailure
from tests.net.http_bench import serving
from tests.providers.profile_bench import Recorder, mistakes, number, profile_file

ROWS = [number(index) for index in range(5)]


def operation(paging, query=""):
    return f"""
numbers:
  path: /numbers
  {query}
  paging: {paging}
  records: items
  fields: {{number: number, state: state}}
"""


async def listed(bench, tmp_path, text, answer, **limits):
    recorder = Recorder(answer)
    async with serving(recorder) as server:
        provider = bench.provider(
            server.url, profile_file(tmp_path, text), {"key": "k-1"}, **limits
        )
        listing = await provider.numbers()
    return listing, [it.query for it in recorder.sent]


async def failing(bench, tmp_path, text, answer, **limits):
    with pytest.raises(ProviderError) as caught:
        await listed(bench, tmp_path, text, answer, **limits)
    return caught.value


def rows(start, size=2):
    return ROWS[start : start + size]


def by_page(first=1, **more):
    def answer(sent):
        index = int(sent.query["page"]) - first
        extra = {key: value(index) if callable(value) else value for key, value in more.items()}
        return {"items": rows(2 * index), **extra}

    return answer


@pytest.mark.parametrize(
    ("paging", "answer", "queries"),
    [
        ("{kind: page, size: 2}", by_page(), [{"page": str(page)} for page in (1, 2, 3)]),
        (
            "{kind: page, size: 2, first: 0}",
            by_page(0),
            [{"page": str(page)} for page in (0, 1, 2)],
        ),
        (
            "{kind: page, total_pages: pages}",
            by_page(pages=3),
            [{"page": str(page)} for page in (1, 2, 3)],
        ),
        (
            "{kind: page, total: total}",
            by_page(total="5"),
            [{"page": str(page)} for page in (1, 2, 3)],
        ),
        (
            "{kind: page, more: has_more}",
            by_page(has_more=lambda index: index < 2),
            [{"page": str(page)} for page in (1, 2, 3)],
        ),
        (
            "{kind: page, more: has_more}",
            by_page(has_more=lambda index: "Y" if index < 2 else 0),
            [{"page": str(page)} for page in (1, 2, 3)],
        ),
        (
            "{kind: offset, param: start, size_param: limit, size: 2}",
            lambda sent: {"items": rows(int(sent.query["start"]))},
            [{"limit": "2", "start": str(start)} for start in (0, 2, 4)],
        ),
        (
            "{kind: offset, param: start, size: 2, first: 1}",
            lambda sent: {"items": rows(int(sent.query["start"]) - 1)},
            [{"start": str(start)} for start in (1, 3, 5)],
        ),
    ],
)
async def test_numbered_pages(bench, tmp_path, paging, answer, queries):
    listing, sent = await listed(bench, tmp_path, operation(paging), answer)
    assert len(listing.numbers) == len(ROWS)
    assert sorted(sent, key=str) == sorted(queries, key=str)


def by_cursor(sent, name="cursor", first=None):
    word = sent.query.get(name, first)
    start = 0 if word == first else int(word.removeprefix("c"))
    return {"items": rows(start), "next": f"c{start + 2}" if start + 2 < len(ROWS) else ""}


@pytest.mark.parametrize(
    ("paging", "query", "name", "first"),
    [
        ("{kind: token, param: cursor, next: next}", "", "cursor", None),
        ("{kind: token, next: next}", 'query: {scrollId: "{cursor}"}', "scrollId", None),
        ('{kind: token, param: mark, first_token: "*", next: next}', "", "mark", "*"),
        ('{kind: token, first_token: "*", next: next}', 'query: {m: "{cursor}"}', "m", "*"),
    ],
)
async def test_tokens_and_the_first_page_without_one(bench, tmp_path, paging, query, name, first):
    listing, sent = await listed(
        bench, tmp_path, operation(paging, query), lambda sent: by_cursor(sent, name, first)
    )
    assert len(listing.numbers) == len(ROWS)
    start = {} if first is None else {name: first}
    assert sent == [start, {name: "c2"}, {name: "c4"}]


async def test_a_token_that_stays_ends_where_the_answer_says_there_is_no_more(bench, tmp_path):
    def answer(sent):
        return {**by_cursor(sent), "more": sent.query.get("cursor") != "c4", "next": "c4"}

    paging = "{kind: token, param: cursor, next: next, more: more}"

    def steps(sent):
        tree = answer(sent)
        return tree if sent.query else {**tree, "next": "c2"}

    listing, sent = await listed(bench, tmp_path, operation(paging), steps)
    assert len(listing.numbers) == len(ROWS)
    assert len(sent) == 3


@pytest.mark.parametrize("prefix", ["", "/numbers", "{host}/numbers"])
async def test_next_links_are_relative_or_absolute(bench, tmp_path, prefix):
    def answer(sent):
        start = int(sent.query.get("start", 0))
        link = f"{prefix.format(host=f'http://{sent.host}')}?start={start + 2}"
        return {"items": rows(start), "next": link if start + 2 < len(ROWS) else None}

    text = operation("{kind: next, next: next}").replace("path: /numbers", "path: /numbers")
    if not prefix:
        # A bare query is resolved against the address, as RFC 3986 says.
        text = text.replace("/numbers", "/")
    listing, sent = await listed(bench, tmp_path, text, answer)
    assert len(listing.numbers) == len(ROWS)
    assert [it.get("start") for it in sent] == [None, "2", "4"]


@pytest.mark.parametrize(
    ("paging", "answer"),
    [
        ("{kind: none, more: truncated}", lambda _: {"items": ROWS, "truncated": True}),
        ("{kind: none, total: total}", lambda _: {"items": ROWS, "total": 9}),
        ("{kind: page, size: 2, max_pages: 2}", by_page()),
        ("{kind: page, total: total, max_pages: 2}", by_page(total=5)),
        ("{kind: page, total_pages: pages, max_pages: 2}", by_page(pages=3)),
        ("{kind: page, more: more}", by_page(more=True)),
        ("{kind: token, param: cursor, next: next, max_pages: 2}", by_cursor),
        (
            "{kind: token, param: cursor, next: next, more: more}",
            lambda _: {"items": rows(0), "more": True, "next": ""},
        ),
    ],
)
async def test_a_truncated_listing_is_partial_and_never_a_listing(bench, tmp_path, paging, answer):
    error = await failing(bench, tmp_path, operation(paging), answer)
    assert error.kind is PollFailure.PARTIAL, error.detail


async def test_a_longer_listing_than_the_agent_reads_says_which_limit(bench, tmp_path):
    error = await failing(
        bench, tmp_path, operation("{kind: page, size: 2}"), by_page(), max_pages=2
    )
    assert (error.kind, "more than 2 pages" in error.detail) == (PollFailure.PAGINATION, True)


async def test_a_page_that_is_repeated_for_ever(bench, tmp_path):
    error = await failing(
        bench,
        tmp_path,
        operation("{kind: page, more: more}"),
        lambda _: {"items": rows(0), "more": True},
    )
    assert (error.kind, "twice" in error.detail) == (PollFailure.PAGINATION, True)


async def test_the_number_of_pages_changes_while_they_are_read(bench, tmp_path):
    counts = iter(range(3, 20))
    error = await failing(
        bench,
        tmp_path,
        operation("{kind: page, total_pages: pages}"),
        lambda sent: {"items": rows(2 * int(sent.query["page"]) - 2), "pages": next(counts)},
    )
    assert (error.kind, "number of pages" in error.detail) == (PollFailure.PAGINATION, True)


async def test_a_switch_that_is_none(bench, tmp_path):
    error = await failing(
        bench, tmp_path, operation("{kind: page, more: more}"), by_page(more="perhaps")
    )
    assert error.kind is PollFailure.SCHEMA


async def test_two_operations_of_one_profile_have_pages_of_their_own(bench, tmp_path):
    text = operation("{kind: page, size: 2}") + (
        """
reachability:
  path: /phones
  paging: {kind: token, param: cursor, next: next}
  records: items
  fields: {number: number, id: number, phone: number, state: {const: ok}}
"""
    )
    recorder = Recorder(
        lambda sent: by_page()(sent) if sent.path == "/numbers" else by_cursor(sent)
    )
    async with serving(recorder) as server:
        provider = bench.provider(server.url, profile_file(tmp_path, text), {"key": "k-1"})
        listing = await provider.numbers()
        phones = await provider.reachability([it.number for it in listing.numbers])
    assert len(listing.numbers) == len(phones) == len(ROWS)


WHOLE = """\
name: example
title: Example
base_url: https://api.example.com
numbers:
  path: /numbers
  query: {}
  paging: {kind: page}
  records: items
  fields: {number: number, state: {const: active}}
"""


@pytest.mark.parametrize(
    ("query", "paging", "expected"),
    [
        ("{}", "{kind: token}", "7: numbers.paging: does not say where the next page is"),
        ("{}", "{kind: token, next: n}", "7: numbers.paging: does not say which parameter takes"),
        (
            "{}",
            "{kind: offset}",
            "7: numbers.paging: does not say which parameter takes the offset",
        ),
        ('{p: "{page}"}', "{kind: none}", "6: numbers.query.p: has {page}, expected"),
        (
            '{p: "{page}"}',
            "{kind: page, param: page}",
            "7: numbers.paging.param: is of no use, {page} in the request says where it goes",
        ),
        (
            '{s: "{size}"}',
            "{kind: page, size_param: size}",
            "7: numbers.paging.size_param: is of no use, {size} in the request",
        ),
        ("{}", "{kind: page, first_token: a}", "7: numbers.paging.first_token: does not go with k"),
        ("{}", "{kind: none, total_pages: a}", "7: numbers.paging.total_pages: does not go with"),
        ("{}", "{kind: none, max_pages: 3}", "7: numbers.paging.max_pages: does not go with kind"),
        ("{}", "{kind: page, more: a..b}", "7: numbers.paging.more: is no path, expected keys"),
        ("{}", "{kind: page, next: n}", "7: numbers.paging.next: does not go with kind page"),
    ],
)
def test_each_mistake_has_its_line_and_remedy(tmp_path, query, paging, expected):
    text = WHOLE.replace("query: {}", f"query: {query}").replace("{kind: page}", paging)
    found = mistakes(tmp_path, text)
    assert len(found) == 1, found
    assert found[0].startswith(expected), found


def test_the_profile_without_mistakes(tmp_path):
    assert mistakes(tmp_path, WHOLE) == []

"""Query strings in one spelling, and links that stay with the provider."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.net.exchange import ProviderError
from agent.net.urls import encode, encode_query, next_url, sorted_query

BASE = "https://api.example.com/v1/numbers"
UNRESERVED = "ABCXYZabcxyz0189-._~"


@given(st.text())
def test_only_unreserved_characters_stay_and_decoding_restores_the_text(text):
    encoded = encode(text)
    assert set(encoded) <= set(UNRESERVED + "%") | {*map(chr, range(48, 123))}
    assert not set(encoded) & set("/:;<=>?@[\\]^`")
    assert unquote(encoded) == text


def test_the_spelling_of_rfc_3986():
    assert encode(UNRESERVED) == UNRESERVED
    assert encode("a b/c+中") == "a%20b%2Fc%2B%E4%B8%AD"
    assert encode("-._~ ") == "-._~%20"


def test_a_query_keeps_its_order_and_a_sorted_one_goes_by_name_then_value():
    params = [("b", "2"), ("a", "9"), ("b", "1"), ("c d", "")]
    assert encode_query(params) == "b=2&a=9&b=1&c%20d="
    assert sorted_query(params) == "a=9&b=1&b=2&c%20d="
    assert encode_query([]) == sorted_query([]) == ""


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("?page=2", BASE + "?page=2"),
        ("/v2/x", "https://api.example.com/v2/x"),
        ("next", "https://api.example.com/v1/next"),
        ("https://api.example.com/n?p=2", "https://api.example.com/n?p=2"),
        ("https://API.example.com:443/n", "https://API.example.com:443/n"),
        ("//api.example.com/n", "https://api.example.com/n"),
    ],
)
def test_a_link_to_the_same_origin_is_followed(link, url):
    assert next_url(BASE, link, "GET /numbers") == url


@pytest.mark.parametrize(
    "link",
    [
        "",
        "http://api.example.com/n",
        "https://api.example.com:8443/n",
        "https://evil.example/n",
        "//evil.example/n",
        "https://user@api.example.com/n",
        "https://api.example.com:99999/n",
        "https://[/n",
        "/a b",
        "/中",
        "/a\n",
        "/" + "x" * 4096,
    ],
)
def test_a_link_elsewhere_is_refused(link):
    with pytest.raises(ProviderError) as caught:
        next_url(BASE, link, "GET /numbers")
    assert caught.value.kind == "pagination"
    assert caught.value.detail == (
        "GET /numbers: the next page's link leads away from the provider"
    )


def test_the_longest_link_and_the_usual_ports():
    longest = "/" + "x" * 4095
    assert next_url(BASE, longest, "").endswith(longest)
    assert next_url("http://h:80/a", "http://h/b", "") == "http://h/b"
    assert next_url("https://h/a", "https://h:443/b", "") == "https://h:443/b"
    with pytest.raises(ProviderError):
        next_url("http://h/a", "http://h:443/b", "")
    with pytest.raises(ProviderError):
        next_url("https://h/a", "https://h:80/b", "")

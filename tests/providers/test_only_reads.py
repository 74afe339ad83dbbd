"""Nothing but reads goes out: what may change something is refused when a profile is loaded."""

import pytest

from tests.providers.profile_bench import mistakes

HEAD = "name: example\ntitle: Example\nbase_url: https://api.example.com\n"
FIELDS = {
    "account": "{state: s}",
    "numbers": "{number: n, state: s}",
    "phones": "{number: n, id: i, phone: p}",
    "routing": "{number: n, strategy: s}",
    "reachability": "{number: n, id: i, phone: p, state: s}",
    "balance": "{amount: a, currency: c}",
    "calls": "{id: i, number: n, started_at: t, result: r}",
}


def profile(name, request):
    text = f"{HEAD}{name}:\n  path: /x\n  {request}\n  fields: {FIELDS[name]}\n"
    if name in ("account", "phones"):
        text += "balance: {path: /b, fields: {amount: a, currency: c}}\n"
    if name == "phones":
        text += 'reachability: {path: "/x/{phone}", fields: {state: s}}\n'
    return text


@pytest.mark.parametrize("name", FIELDS)
def test_a_post_must_say_that_it_only_reads(tmp_path, name):
    assert mistakes(tmp_path, profile(name, "method: GET")) == []
    assert mistakes(tmp_path, profile(name, "method: POST\n  read: true")) == []
    (found,) = mistakes(tmp_path, profile(name, "method: POST"))
    assert f"{name}.method: may change something, expected GET, or read: true" in found


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "post", "HEAD"])
def test_other_methods_are_none(tmp_path, method):
    (found,) = mistakes(tmp_path, profile("numbers", f"method: {method}\n  read: true"))
    assert "numbers.method: is not one of the known values" in found


def test_what_is_merged_must_say_so_too(tmp_path):
    merged = "{path: /y, method: POST, fields: {number: n, company: c}}"
    (found,) = mistakes(tmp_path, profile("numbers", f"merge: [{merged}]"))
    assert "numbers.merge[0].method: may change something" in found

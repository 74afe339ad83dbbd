"""Call records by time: windows, days, their formats, and no time that is never asked for."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from agent.providers.profile.request_schema import WindowSection
from agent.providers.profile.windows import Windows
from tests.net.http_bench import serving
from tests.providers.profile_bench import Recorder, mistakes, profile_file

NOW = datetime(2027, 1, 15, 8, 30, 30, tzinfo=UTC).timestamp()
DAY = 86_400.0


def calls(query, window, path="/calls"):
    return f"""
calls:
  path: {path}
  query: {query}
  window: {window}
  records: items
  fields:
    id: id
    number: number
    started_at: {{path: at, convert: epoch_s}}
    result: {{const: busy}}
"""


async def read(bench, tmp_path, text, since, records=()):
    def answer(sent):
        first, last = (float(sent.query[name]) for name in ("from", "to"))
        return {"items": [it for it in records if first <= it["at"] <= last]}

    recorder = Recorder(answer)
    async with serving(recorder) as server:
        provider = bench.provider(
            server.url, profile_file(tmp_path, text), {"key": "k-1"}, clock=lambda: NOW
        )
        found = await provider.calls(since)
    return found, [it.query for it in recorder.sent]


def record(at):
    return {"id": f"call-{at:.0f}", "number": "4000000001", "at": at}


async def test_a_window_is_asked_for_in_pieces_and_no_time_is_left_out(bench, tmp_path):
    since = NOW - 100 * DAY
    times = [since + 1, *(since + step * 3600.0 for step in range(1, 2400, 7)), NOW - 1]
    text = calls('{from: "{since}", to: "{until}"}', "31d")
    found, sent = await read(bench, tmp_path, text, since, [record(at) for at in times])
    assert sorted(it.started_at for it in found) == sorted(times)
    spans = [(float(it["from"]), float(it["to"])) for it in sent]
    assert len(spans) == 4
    assert spans[0][0] == since
    assert spans[-1][1] == NOW
    assert all(last - first <= 31 * DAY for first, last in spans)
    assert all(later[0] < former[1] for former, later in pairwise(spans))


async def test_one_request_where_the_window_is_small(bench, tmp_path):
    text = calls('{from: "{since}", to: "{until}"}', "24h")
    _, sent = await read(bench, tmp_path, text, NOW - 1800)
    assert sent == [{"from": f"{NOW - 1800:.0f}", "to": f"{NOW:.0f}"}]


async def test_a_record_at_the_seam_of_two_windows_comes_once(bench, tmp_path):
    text = calls('{from: "{since}", to: "{until}"}', "1h")
    seam = NOW - 3600
    found, sent = await read(bench, tmp_path, text, NOW - 7200, [record(seam), record(seam - 1)])
    assert len(sent) == 3
    assert sorted(it.started_at for it in found) == [seam - 1, seam]


async def test_each_day_of_the_zone_is_asked_for_once(bench, tmp_path):
    # 08:30 UTC is half past four in the afternoon there; three days before is another date.
    text = calls(
        '{from: "{since}", to: "{until}", day: "{day}", text: "{since_text}", end: "{until_text}"}',
        '{zone: "+08:00"}',
    )
    _, sent = await read(bench, tmp_path, text, NOW - 2 * DAY)
    assert [it["day"] for it in sent] == ["2027-01-13", "2027-01-14", "2027-01-15"]
    assert [(it["text"], it["end"]) for it in sent] == [
        ("2027-01-13 16:30:30", "2027-01-13 23:59:59"),
        ("2027-01-14 00:00:00", "2027-01-14 23:59:59"),
        ("2027-01-15 00:00:00", "2027-01-15 16:30:30"),
    ]


async def test_every_form_of_a_moment(bench, tmp_path):
    forms = ("", "_ms", "_iso", "_date", "_text", "_compact", "_formatted")
    query = ", ".join(f'u{form}: "{{until{form}}}"' for form in forms)
    days = ", ".join(
        f'd{form}: "{{day{form}}}"' for form in ("", "_ms", "_compact", "_text", "_formatted")
    )
    text = calls(
        f'{{from: "{{since}}", to: "{{until}}", {query}, {days}}}',
        '{zone: "+08:00", format: "%d.%m.%y %H:%M"}',
    )
    _, sent = await read(bench, tmp_path, text, NOW - 60)
    wanted = {
        "u": "1800001830",
        "u_ms": "1800001830000",
        "u_iso": "2027-01-15T16:30:30+08:00",
        "u_date": "2027-01-15",
        "u_text": "2027-01-15 16:30:30",
        "u_compact": "20270115163030",
        "u_formatted": "15.01.27 16:30",
        "d": "2027-01-15",
        "d_ms": "1799942400000",
        "d_compact": "20270115",
        "d_text": "2027-01-15 00:00:00",
        "d_formatted": "15.01.27 00:00",
    }
    assert {name: sent[0][name] for name in wanted} == wanted


def test_without_a_window_the_former_names_have_their_former_texts():
    windows = Windows(None, ("since",))
    (window,) = windows.split(NOW + 0.5, NOW + 60)
    values = windows.values(window)
    assert values["since"] == f"{NOW:.0f}"
    assert values["since_iso"] == "2027-01-15T08:30:30Z"
    assert values["since_date"] == "2027-01-15"


@pytest.mark.parametrize("zone", ["-11:30", "+00:00", "+14:00"])
@pytest.mark.parametrize("hours", [0, 1, 23, 24, 49])
def test_days_cover_a_stretch_without_a_gap(zone, hours):
    windows = list(Windows(WindowSection(zone=zone), ("day",)).split(NOW - hours * 3600, NOW))
    assert windows[0].start <= NOW - hours * 3600
    assert windows[-1].end == NOW
    for former, later in pairwise(windows):
        assert later.start - former.end == pytest.approx(0.001, abs=1e-6)
        assert former.day < later.day


WHOLE = """\
name: example
title: Example
base_url: https://api.example.com
numbers:
  path: /numbers
  fields: {number: number, state: {const: active}}
calls:
  path: /calls
  query: {from: "{since}", to: "{until}"}
  window: 31d
  fields: {id: id, number: n, started_at: at, result: {const: busy}}
"""


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        (', to: "{until}"', "", "10: calls.window: has a span, but the request no end of it; exp"),
        ("31d", "soon", "10: calls.window"),
        ("31d", "{zone: Asia/Shanghai}", "10: calls.window.zone: is no offset, expected +08:00"),
        ("31d", '{format: "%Y"}', "10: calls.window.format: is of no use, expected {since_formatt"),
        ('"{until}"', '"{until_formatted}"', "10: calls.window.format: is missing, expected a for"),
        (
            '"{until}"}\n  window: 31d',
            '"{until_formatted}"}\n  window: {format: "%Q"}',
            "10: calls.window.format: is no format of a time, expected some of %Y",
        ),
        ('"{until}"', '"{untill}"', "9: calls.query.to: has {untill}, expected one of"),
        ("  path: /numbers\n", "  path: /numbers\n  window: 31d\n", "6: numbers.window: is for ca"),
        ("  path: /numbers\n", '  path: "/n/{since}"\n', "5: numbers.path: has {since}, expected"),
    ],
)
def test_each_mistake_has_its_line_and_remedy(tmp_path, good, bad, expected):
    assert mistakes(tmp_path, WHOLE) == []
    text = WHOLE.replace(good, bad, 1)
    found = mistakes(tmp_path, text)
    assert [it for it in found if it.startswith(expected)], found

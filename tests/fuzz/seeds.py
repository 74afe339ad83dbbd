"""What the fuzzers begin with: valid inputs of each parser, and words of its language."""

import base64
import json
import sqlite3
import zlib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ALERT = {
    "status": "firing",
    "labels": {"alertname": "NumberDown", "number": "4006220001"},
    "annotations": {"summary": "down"},
    "startsAt": "2027-03-01T08:00:00+08:00",
    "endsAt": "0001-01-01T00:00:00Z",
}
NUMBER = {
    "number": "4006220001",
    "state": "active",
    "network_state": "active",
    "company": "示例公司",
    "contract_end": "2027-03-01",
    "balance": "9.80",
    "bindings": [{"id": "b1", "phone": "+86 138-0000-0001", "kind": "mobile", "position": 1}],
}
JIRA = {
    "timestamp": 1_790_000_000_000,
    "user": {"displayName": "Li Wei"},
    "issue": {
        "id": "10001",
        "fields": {"status": {"name": "Done", "statusCategory": {"key": "done"}}},
    },
    "changelog": {"items": [{"field": "status"}]},
}
STANDARD = {
    "timestamp": "2027-03-01T08:00:00+08:00",
    "data": {"ticket": "NW-1", "status": "accepted", "actor": "Li Wei"},
}
ZAMMAD = {
    "ticket": {"id": 7, "number": "22007", "state": "closed", "updated_at": "2027-03-01T00:00:00Z"},
    "article": {"created_by": "x"},
}
COMPLAINT = {
    "number": "4006220001",
    "caller": "13900001111",
    "prompt": "您拨打的电话正忙",
    "at": "2027-03-01T08:00:00+08:00",
    "channel": "web",
}
PROMQL = (
    'sum by (account) (rate(numwatch_number_calls_total{result!~"a|b.*"}[5m] offset -1h)) > bool 1',
    'label_replace(up, "a", "$1", "b", "(.*)") and on (x) group_left (y) vector(1) @ end()',
    "quantile_over_time(0.9, max_over_time(x[1h:30s])[2h:]) unless 1e3 % -Inf ^ NaN",
    "histogram_quantile(0.5, sum(rate(x_bucket[1m])) by (le)) or `raw\\d` == 0x1F",
)
TEMPLATES = (
    '{{ if gt $value 1.0 }}{{ $labels.number | printf "%-8s" }}{{ else }}{{- end }}',
    '{{ range $i, $x := query "up" }}{{ $x.Value | humanizeDuration }}{{ end }}',
    '{{ with $x := .Labels }}{{ index $x "a" }}{{ end }}{{/* c */}}',
    '{{ reReplaceAll "a(.)" "$1" "abc" }}',
    '{{ humanizeTimestamp $value }}{{ printf "%05.2f %v %q %+d" 1.5 nil "x" 3 }}',
)
WORLD = """
seed: 7
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: demo, secret: s}
        numbers:
          - {number: "4006220001", state: active, bindings: [{id: b1, phone: "13800000001"}]}
        generate: {count: 3, first: "4008000000", bindings: 2, unhealthy: 0.01}
timeline:
  - {at: 30s, number: "4006220001", binding: b1, set: {state: arrears}}
"""
CONFIGURATION = """
listen: ["127.0.0.1:10400"]
polling: {timeout: 30s, intervals: {numbers: 1m}}
providers:
  - name: north
    profile: generic
    base_url: "https://x.example"
    accounts: [{id: hq, credentials: {key: "${KEY}", secret: x}}]
sinks:
  - {name: desk, kind: webhook, url: "https://d.example", headers: {X-A: "${KEY}"}}
tickets: &t {hold: 5m}
lints: {}
"""
DECLARED = """
numbers:
  "4006220001":
    routing:
      strategy: sequential
      wait_seconds: 20
      schedule: [{days: mon-fri, from: "08:30", to: "17:30", bindings: [b1]}]
    bindings: [{id: b1, phone: "13800000001", kind: mobile}]
"""


DAMAGED_LEDGER = zlib.decompress(
    base64.b64decode(
        b"eNoLDvTJLElVSMsvyk0sUTBmEGBgZGRwUFBggAAmBgRgBGIWND5RgBekmH8pAxCNglEwCgYSMHKOhsEo"
        b"GAVDCCTmpOYmZSbHl6UWFWfm540GyCgYBaNgFIyCUYAVDLM2biQjm7i2NmN2SWJSTmpizqxJSK0BtMYB"
        b"k3OQq2OIq0KIo5OPqwKapIIGlBGfV5qrEOIaEaIJ6Zv/YACiUTBIABsjk6iJpaUlAMSZMLc="
    )
)
"""A database whose damage SQLite describes in words that are no UTF-8; fuzzing found it."""


def _json(*values: Any) -> list[bytes]:
    return [json.dumps(value, ensure_ascii=False).encode() for value in values]


def _lines(*texts: str) -> list[bytes]:
    return [text.encode() for text in texts]


def _foreign_database() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    connection.commit()
    return connection.serialize()


SEEDS: dict[str, list[bytes]] = {
    "promql": _lines(*PROMQL),
    "selector": _lines('up{a="b",c!~"d.*",__name__=~`x`}', '{"utf8 name"="x"}'),
    "rules": [(ROOT / "alert_rules/agent.yml").read_bytes()[:3000], b"groups: []\n"],
    "template": _lines(*TEMPLATES),
    "configuration": _lines(CONFIGURATION),
    "declared": _lines(DECLARED),
    "world": _lines(WORLD),
    "decode": [
        b"utf-8\n" + _json(NUMBER)[0],
        b"gb18030\n" + json.dumps(NUMBER, ensure_ascii=False).encode("gb18030"),
        b'\n{"a":1e999,"a":-0.0,"\\ud800":12345678901234567890}',
        b"utf-16\n" + "[1]".encode("utf-16"),
    ],
    "records": _json([NUMBER], [{**NUMBER, "number": None, "balance": 1e300}], [[], 1, "x", None]),
    "times": _lines(
        *("2027-03-01T08:00:00+08:00", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00"),
        *("Fri, 18 Oct 2019 17:02:00 +0000", "1790000000", "1790000000.5", "+08:00", "1h30m5s"),
    ),
    "retry_after": _lines("120", "-1", "1e10", "9" * 60, "Fri, 18 Oct 2019 17:02:00 GMT", "junk"),
    "scrub": _lines("a\u202eb\u0000\ud7ff 13800000001", "\x1b[31m", "e\u0301" * 50),
    "alertmanager": _json({"version": "4", "receiver": "a\\.b", "alerts": [ALERT, ALERT]}),
    "listing": _json([{**ALERT, "status": {"state": "active", "silencedBy": []}}]),
    "complaint": _json(COMPLAINT),
    "callback": _json(JIRA, STANDARD, ZAMMAD),
    "signature": _lines("msg_1\n1790000000\nv1,AAAA v1,BBBB\n{}", "m\n-1\nv1a,x\n"),
    "ledger": [_foreign_database(), DAMAGED_LEDGER, b"SQLite format 3\x00" + b"\x00" * 84],
}

WORDS: dict[str, tuple[str, ...]] = {
    "promql": ("sum", "by", "(", ")", "[5m]", "[1h:1s]", "{", "}", "offset", "@", "==", "bool"),
    "selector": ("{", "}", '="', '"', "=~", "!~", ",", "`", "\\x"),
    "rules": (
        '"\\ud800"',
        "groups:",
        "- name:",
        "expr:",
        "for:",
        "&a",
        "*a",
        "{{",
        "}}",
        "1y",
        "alert:",
    ),
    "template": ("{{", "}}", "{{-", "if", "range", "else if", "end", ":=", "|", "%v", "%999999d"),
    "configuration": ("${KEY}", "${KEY:-", "&a", "*a", "<<: ", "!!python/object", "file:", "1e99"),
    "declared": ("&a", "*a", "schedule:", "24:00", "mon-sun", "99999999999999999999"),
    "world": ("generate:", "count: 99999999", "at: 1e99", "&a", "*a", "numbers: all"),
    "decode": ("NaN", "1e999", "\\ud800", "[" * 500, '{"a":' * 200, "gbk\n", "utf-7\n", "rot13\n"),
    "records": ("null", "1e308", "-0.0", '"4006220001"', "9" * 400, "[]", '"\\u0000"'),
    "times": ("9999", "0001", "-23:59", "Z", "T24:00:00", "٣", "1e5", ".", "w", "y"),
    "retry_after": ("9" * 400, "e", ".", "GMT", "-", "inf", "nan"),
    "scrub": ("\u200b", "\u202e", "\u0000", "\ufeff", "'", "\u2028"),
    "alertmanager": ('"alerts":', "[]", "{}", "null", '"4"', "[" * 300, '"\\ud800"'),
    "listing": ("[]", "{}", "null", '"silencedBy":', '"suppressed"'),
    "complaint": ("null", "[]", '"+86"', '"\\ud800"', '"number":', "1e999", "true"),
    "callback": (
        "null",
        "[]",
        "1e999",
        '"status"',
        '"fields"',
        "true",
        '"9999-12-31T23:59:59-14:00"',
    ),
    "signature": ("v1,", "\n", " ", "\udcff", "9" * 30, "٣"),
    "ledger": ("SQLite format 3\x00", "\x00" * 50, "alembic_version", "\xff" * 8),
}
"""What mutations insert besides bytes at random."""

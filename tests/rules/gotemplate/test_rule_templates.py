"""Texts of alerts, as Go's templates and Prometheus' functions write them."""

import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.rules.durations import format_duration, parse_duration
from agent.rules.gotemplate.printf import printf
from agent.rules.gotemplate.template import TemplateData, TemplateError, parse_template
from agent.rules.gotemplate.values import shortest

LABELS = {"number": "4006220001", "account": "hq"}


def render(source: str, value: float = 1.0) -> str:
    return parse_template(source).render(
        TemplateData(LABELS, value, {"region": "cn"}, "http://a:1/prom/")
    )


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("plain", 1, "plain"),
        ("{{ $labels.number }}", 1, "4006220001"),
        ("{{$labels.missing}}|", 1, "|"),
        ("{{ .Labels.number }} {{ .Value }}", 3, "4006220001 3"),
        ("{{ $externalLabels.region }}", 1, "cn"),
        ("{{ $value }}", 1_000_000, "1e+06"),
        ("{{ $value }}", 0.1 + 0.2, "0.30000000000000004"),
        ("{{ $value }}", 123456, "123456"),
        ("{{ $value }}", 0.00001, "1e-05"),
        ("{{ $value }}", -0.0, "-0"),
        ("{{ $value }}", math.inf, "+Inf"),
        ("{{ $value }}", math.nan, "NaN"),
        ('{{ printf "%.2f" $value }}', 3.14159, "3.14"),
        ('{{ $value | printf "%.0f%%" }}', 99.5, "100%"),
        ('{{ printf "%d" $value }}', 100, "%!d(float64=100)"),
        ('{{ printf "%s" $value }}', 100, "%!s(float64=100)"),
        ('{{ printf "%s and %v" $labels.number $value }}', 2, "4006220001 and 2"),
        ('{{ printf "%q" $labels.account }}', 1, '"hq"'),
        ('{{ printf "%s" }}', 1, "%!s(MISSING)"),
        ('{{ printf "x" 1 }}', 1, "x%!(EXTRA int=1)"),
        ('{{ printf "%5.1f|%-5d|%05d" $value 7 7 }}', 1, "  1.0|7    |00007"),
        ("{{ humanize $value }}", 1_234_567, "1.235M"),
        ("{{ humanize $value }}", 0.00123, "1.23m"),
        ("{{ humanize1024 $value }}", 1_048_576, "1Mi"),
        ("{{ $value | humanizeDuration }}", 93_784, "1d 2h 3m 4s"),
        ("{{ $value | humanizeDuration }}", -65, "-1m 5s"),
        ("{{ $value | humanizeDuration }}", 0.5, "500ms"),
        ("{{ $value | humanizeDuration }}", 59.5, "59.5s"),
        ("{{ $value | humanizePercentage }}", 0.1234567, "12.35%"),
        (
            "{{ $value | humanizeTimestamp }}",
            1_435_065_584.128,
            "2015-06-23 13:19:44.128 +0000 UTC",
        ),
        ("{{ $value | humanizeTimestamp }}", 0, "1970-01-01 00:00:00 +0000 UTC"),
        ("a {{- $value -}} b", 1, "a1b"),
        ("a{{/* nothing */}}b", 1, "ab"),
        ("{{ $labels }}", 1, "map[account:hq number:4006220001]"),
        ('{{ printf "%s" (toUpper $labels.account) }}', 1, "HQ"),
        # promtool 2.42 has no URL to tell, so these two are not compared with it.
        ("{{ externalURL }} {{ pathPrefix }}", 1, "http://a:1/prom/ /prom"),
        ("{{ humanize $labels.account }}", 1, "<error expanding template: "),
    ],
)
def test_texts_are_those_of_prometheus(source: str, value: float, expected: str) -> None:
    assert render(source, float(value)).startswith(expected)


@pytest.mark.parametrize(
    "source",
    [
        "{{ if $value }}x",
        "{{ end }}",
        "{{ else }}",
        "{{ if $value }}x{{ else with $value }}{{ end }}",
        "{{ $x, $y := 1 }}",
        "{{ if $x := 1 }}{{ end }}{{ $x }}",
        '{{ define "x" }}{{ end }}',
        '{{ query "up" "down" }}',
        "{{ $labels.a.b }}",
        "{{ $nothing }}",
        "{{ $value",
        "{{ }}",
        "{{ $value $value }}",
        "{{ $value | }}",
        "{{ (humanize $value }}",
        "{{ humanize }}",
        "{{ humanize 1 2 }}",
    ],
)
def test_what_is_not_supported_is_refused(source: str) -> None:
    with pytest.raises(TemplateError):
        parse_template(source)


@settings(deadline=None)
@given(st.floats())
def test_the_shortest_form_reads_back(value: float) -> None:
    back = float(shortest(value))
    assert back == value or (math.isnan(back) and math.isnan(value))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_template_or_refused(source: str) -> None:
    with suppress(TemplateError):
        parse_template(source).render(TemplateData(LABELS, 1.0, {}))


@settings(deadline=None)
@given(st.text("%.+- #0123456789svdqfegxtc", max_size=20))
def test_any_layout_is_printed(layout: str) -> None:
    assert isinstance(printf(layout, [1.5, "x", 7, True, {"a": "b"}]), str)


@settings(deadline=None)
@given(st.integers(0, 10**12))
def test_durations_read_back(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


@pytest.mark.parametrize("text", ["", "5", "m5", "1m1h", "1.5h", "-1m", "1h 5m", "١m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ 1" + " | print" * 5000 + " }}",
        "{{ if 1 }}" * 5000 + "{{ end }}" * 5000,
        "{{ if 0 }}" + "{{ else if 0 }}" * 5000 + "{{ end }}",
    ],
    ids=["parentheses", "pipes", "blocks", "else if"],
)
def test_what_is_nested_too_deep_is_refused(text):
    with pytest.raises(TemplateError, match="more than 50"):
        parse_template(text)


def test_many_blocks_that_are_not_nested_are_fine():
    parse_template("{{ if (1) }}x{{ else if (0) }}y{{ end }}" * 200)

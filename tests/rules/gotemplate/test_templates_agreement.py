"""Texts of alerts from both engines: promtool says what they are."""

import json
from pathlib import Path

import pytest

from agent.cli.rules import rules_test
from tests.rules.promtool import promtool

pytestmark = pytest.mark.integration

TEMPLATES = (
    "{{ if gt $value 2.0 }}many{{ else if eq $value 2.0 }}two{{ else }}few{{ end }}",
    "{{ with $labels.number }}[{{ . }}]{{ end }}{{ with $labels.none }}x{{ else }}none{{ end }}",
    '{{ range query "up" | sortByLabel "number" }}{{ .Labels.number }}={{ .Value }};{{ end }}',
    '{{ range $i, $s := query "up" | sortByLabel "number" }}{{ $i }}{{ $s.Labels.number }}{{end}}',
    '{{ with query "up == 0" }}{{ . | first | value | humanize }}{{ end }}',
    '{{ with query "none" }}x{{ else }}nothing{{ end }}',
    '{{ query "up" | sortByLabel "number" | first | label "number" }}',
    '{{ (query "up" | sortByLabel "number" | first).Labels.number }}',
    "{{ range $name, $text := $labels }}{{ $name }}:{{ $text }} {{ end }}",
    '{{ $x := "a" }}{{ if true }}{{ $x }}{{ end }}',
    '{{ title "hello big world" }} {{ toUpper "x" }} {{ toLower "Y" }}',
    '{{ reReplaceAll "([a-z])([0-9])" "$2-$1" $labels.number }}',
    '{{ if match "^a.*" $labels.number }}yes{{ end }}{{ match "b" "c" }}',
    "{{ humanize1024 1048576.0 }} {{ humanizePercentage 0.1234 }} {{ humanizeDuration 3661.0 }}",
    '{{ printf "%.2f %v %s %q %05.1f|%-6s|%6s" $value $value "a" "b" 2.5 "l" "r" }}',
    '{{ printf "%d %x %t %e %g" 12 255 true 1234.5 0.00001 }}',
    '{{ stripPort "host:90" }} {{ stripDomain "a.b.c:90" }} {{ stripDomain "1.2.3.4" }}',
    "{{ $externalLabels.region }} {{ .ExternalLabels.region }} {{ safeHtml $labels.number }}",
    '{{ index $labels "number" }} {{ len $labels }} {{ len "four" }}',
    "{{ and 1 0 }} {{ or 0 7 }} {{ not true }} {{ eq 1 2 1 }} {{ ne 1 2 }} {{ lt 1 2 }}",
    '{{ print "a" 1 2 "b" }} {{ urlquery "a b&c" }}',
    "{{ humanizeTimestamp 1435065584.128 }} {{ $value }} {{ $labels }}",
    '{{ graphLink "up == 0" }} {{ tableLink "up" }}',
    "{{ $externalURL }} {{ .ExternalURL }}",
    "{{- if $value }} a {{- end }} b",
)

MORE = (
    "{{ with $labels.number -}} on {{ . }} {{- end }}.",
    'a {{- " b " -}} c {{-  5 }} {{ -5 }}{{/* no text */ -}}  {{- /* here */}}',
    '{{ "{{" }}$labels{{ "}}" }} {{ `}}` }}',
    "{{ $x := 1 }}{{ range query `up` }}{{ $x = 2 }}{{ end }}{{ $x }}",
    "{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}{{ with $x = 7 }}{{ end }}{{ $x }}",
    "{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }} {{ 1e3 }} {{ .5 }} {{ 'a' }}",
    r'{{ "\u00e9\x41\101\t|" }} {{ printf "%q" "a\"b\\c\nd\x01é" }}',
    '{{ printf "%5d|%-5d|%05d|%+d|% d|%x|%X|%o|%b|%#x" 42 42 42 42 42 42 42 42 42 42 }}',
    '{{ printf "%*d|%-*d|%[2]d %[1]d" 5 3 4 2 }} {{ printf "%[2]s %[1]s" "a" "b" }}',
    '{{ printf "%T %T %T %T %T" 1 1.5 "a" true $labels }} {{ printf "%U %c %q" 233 233 233 }}',
    '{{ printf "%s %v" $labels nil }} {{ printf "%+v %+.2f %#v %#v" 3.0 1.0 "a" 1.0 }}',
    '{{ printf "%x %X % x %.2s|%5s|%-5s|%.1q|%05s" "hi" "hi" "hi" "abc" "abc" "abc" "abc" "a" }}',
    '{{ printf "%f %.1e %g %g %.3g %08.2f|%-8.2f|" 1.0 12345.678 1e21 1e20 0.00012 3.14 3.14 }}',
    '{{ printf "%.0f %.0f %.0f %6.2f%%" 0.5 1.5 2.5 12.345 }} {{ printf "%5t|%v" true false }}',
    '{{ printf "%d %s" "a" 1 }} {{ printf "%s" }} {{ printf "%s" "a" 2 true }} {{ printf "%" }}',
    '{{ title "hello-world foo_bar it\'s" }} {{ index "abc" 1 }} {{ slice "abcdef" 1 3 }}',
    """{{ html "<a href='x'>&" }} {{ println "a" 1 }}{{ print 1.0 2.0 3 "b" 4 }} {{ print }}""",
    '{{ humanizeDuration 59.9996 }} {{ humanizeDuration -90000.0 }} {{ humanize "1234" }}',
    '{{ $n := query "none or vector(NaN)" | first | value }}{{ $n }} {{ humanizeDuration $n }}',
    '{{ reReplaceAll "(a)(b)?" "<$1|$2>" "abac" }} {{ reReplaceAll "x" "${1}y$$" "x" }}',
)
WRONG = (
    *("{{ gt $value 1 }}", "{{ eq 1 1.0 }}", '{{ lt "a" 1 }}', "{{ nil }}", "{{ .Foo }}"),
    *("{{ index $labels 5 }}", "{{ $labels.number | first }}", '{{ slice "abc" 5 }}'),
    *("{{ len 5 }}", '{{ range "abc" }}{{ end }}', '{{ value "x" }}'),
    *('{{ match "(" "a" }}', '{{ first (query "none") }}', '{{ query "sum(" }}'),
)


def both(
    annotations: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[str, str]:
    """What promtool and we say of an alert with these annotations."""
    rule = {"alert": "Up", "expr": "up > 0", "annotations": annotations}
    rules = tmp_path / "rules.yml"
    rules.write_text(json.dumps({"groups": [{"name": "g", "rules": [rule]}]}), encoding="utf-8")
    case = {"eval_time": "1m", "alertname": "Up", "exp_alerts": []}
    series = {"series": 'up{number="a1"}', "values": "1 1"}
    test = {"interval": "1m", "input_series": [series], "alert_rule_test": [case]}
    path = tmp_path / "test.yml"
    path.write_text(json.dumps({"rule_files": ["rules.yml"], "tests": [test]}), encoding="utf-8")
    theirs = promtool("test", "rules", path).stderr
    rules_test([path], 2)
    return theirs, capsys.readouterr().err


def test_all_verbs_and_marks_are_written_as_go_writes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    annotations = {f"a{place:02}": template for place, template in enumerate(MORE)}
    theirs, ours = both(annotations, tmp_path, capsys)
    assert "Annotations" in theirs
    assert ours.replace(", a", "\na") == theirs.replace(", a", "\na")


def test_what_fails_in_go_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    annotations = {f"a{place:02}": template for place, template in enumerate(WRONG)}
    for text in both(annotations, tmp_path, capsys):
        assert text.count("<error expanding template") == len(WRONG)


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_engines_write_the_same_text(
    template: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = {"alert": "Up", "expr": "up > 0", "annotations": {"text": template}}
    rules = tmp_path / "rules.yml"
    rules.write_text(json.dumps({"groups": [{"name": "g", "rules": [rule]}]}), encoding="utf-8")
    case = {"eval_time": "1m", "alertname": "Up", "exp_alerts": []}
    test = {
        "interval": "1m",
        "external_labels": {"region": "cn"},
        "external_url": "http://localhost:9090/prom",
        "input_series": [
            {"series": f'up{{number="{name}"}}', "values": f"{value} {value}"}
            for name, value in (("a1", 1), ("b2", 2), ("c3", 3), ("d", 0))
        ],
        "alert_rule_test": [case],
    }
    path = tmp_path / "test.yml"
    content = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    path.write_text(json.dumps(content), encoding="utf-8")
    theirs = promtool("test", "rules", path)
    code = rules_test([path], 2)
    ours = capsys.readouterr()
    assert (code, ours.err) == (theirs.returncode, theirs.stderr)

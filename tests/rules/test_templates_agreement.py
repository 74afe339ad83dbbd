"""Texts of alerts from both engines: promtool says what they are."""

import json
from pathlib import Path

import pytest

from agent.rules.commands import rules_test
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

"""What dashboard linters object to, checked offline over grafana/."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.rules.load import load_rules
from agent.rules.promql.compile import parse
from agent.rules.rule import RecordingRule
from agent.rules.runbooks import runbook_names
from exporters.family import FAMILIES
from grafana.builder.__main__ import DASHBOARDS, FOLDER, LANGUAGES, files
from grafana.builder.chinese import CHINESE

ROOT = Path(__file__).parents[2]
FILES = sorted(FOLDER.rglob("*.json"))
RULES = load_rules(sorted((ROOT / "alert_rules").glob("*.yml"))).groups
RECORDED = {r.name for group in RULES for r in group.rules if isinstance(r, RecordingRule)}
PARTS = ("_bucket", "_count", "_sum")
METRIC = re.compile(r"(?<![\w:$])(?:\w+:)?numwatch_\w+(?::\w+)?")
UNITLESS = {"row", "text", "table"}
COUNTERS = {name for name, family in FAMILIES.items() if family.kind == "counter"}
RATES = ("rate(", "increase(", "irate(", "resets(", "changes(")

Dashboard = dict[str, Any]


def dashboards() -> list[Dashboard]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in FILES]


def panels(dashboard: Dashboard) -> Iterator[dict[str, Any]]:
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())


def shown(dashboard: Dashboard) -> list[dict[str, Any]]:
    return [panel for panel in panels(dashboard) if panel["type"] != "row"]


def expressions(dashboard: Dashboard) -> list[str]:
    return [target["expr"] for panel in shown(dashboard) for target in panel.get("targets", ())]


def variables(dashboard: Dashboard) -> list[dict[str, Any]]:
    return list(dashboard["templating"]["list"])


@pytest.fixture(params=dashboards(), ids=[f"{path.parent.name}-{path.stem}" for path in FILES])
def dashboard(request: pytest.FixtureRequest) -> Dashboard:
    found: Dashboard = request.param
    return found


def test_the_files_are_what_the_builder_makes() -> None:
    built = dict(files())
    assert len(built) == len(DASHBOARDS) * len(LANGUAGES) == 12
    assert {str(path.relative_to(FOLDER)) for path in FILES} == set(built), "make docs"
    for path, text in built.items():
        assert (FOLDER / path).read_text(encoding="utf-8") == text, f"{path}: make docs"


def words(part: Any) -> Iterator[str]:
    """Every text of a dashboard that people read."""
    shown = {"title", "description", "label", "noValue", "name", "titleFormat", "tooltip"}
    if isinstance(part, dict):
        for key, value in part.items():
            if isinstance(value, str) and key in shown:
                yield value
            elif key == "renameByName":
                yield from value.values()
            else:
                yield from words(value)
    elif isinstance(part, list):
        for item in part:
            yield from words(item)


def test_the_chinese_dashboards_are_chinese() -> None:
    allowed = re.compile(
        r"\{\{\w+\}\}|numwatch|Data source|datasource|provider|account|number|90|/|\s"
    )
    for path in sorted((FOLDER / "zh").glob("*.json")):
        for text in words(json.loads(path.read_text(encoding="utf-8"))):
            assert not re.search(r"[A-Za-z]{2,}", allowed.sub("", text)), (path.name, text)


def test_no_translation_is_left_over() -> None:
    english = {
        text.removeprefix("numwatch / ")
        for path in (FOLDER / "en").glob("*.json")
        for text in words(json.loads(path.read_text(encoding="utf-8")))
    }
    text = "".join(path.read_text(encoding="utf-8") for path in (FOLDER / "en").glob("*.json"))
    assert [word for word in CHINESE if word not in english and f'{word}"' not in text] == []


def test_both_languages_ask_the_same() -> None:
    for path in sorted((FOLDER / "en").glob("*.json")):
        english, chinese = (
            json.loads((FOLDER / language / path.name).read_text(encoding="utf-8"))
            for language in ("en", "zh")
        )
        assert expressions(english) == expressions(chinese)
        assert [panel["gridPos"] for panel in panels(english)] == [
            panel["gridPos"] for panel in panels(chinese)
        ]


def test_links_lead_to_runbooks_numbers_and_tickets(dashboard: Dashboard) -> None:
    urls = re.findall(r'"url": "([^"]*)"', json.dumps(dashboard))
    pages = [url.removeprefix("${numwatch}") for url in urls if url]
    assert pages
    for page in pages:
        assert page in {"", "/numbers/${__value.raw}", "/tickets/${__value.raw}"} or (
            page.removeprefix("/runbooks/") in runbook_names()
        ), page


def test_each_dashboard_marks_changes_of_the_configuration_and_tickets(
    dashboard: Dashboard,
) -> None:
    text = json.dumps(dashboard["annotations"])
    assert "numwatch_config_last_reload_success_timestamp_seconds" in text
    assert "numwatch_ticket_changed_timestamp_seconds" in text
    for annotation in dashboard["annotations"]["list"]:
        assert annotation["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_is_not_editable_and_has_a_name_of_its_own(dashboard: Dashboard) -> None:
    assert dashboard["editable"] is False
    assert dashboard["id"] is None
    assert re.fullmatch(r"[a-z0-9-]{1,40}", dashboard["uid"])
    assert dashboard["title"].startswith("numwatch / ")
    assert dashboard["refresh"] == "", "a wall of screens must not query all day by itself"


def test_uids_are_given_once() -> None:
    uids = [dashboard["uid"] for dashboard in dashboards()]
    assert len(uids) == len(set(uids))


def test_template_datasource_is_chosen_by_the_reader(dashboard: Dashboard) -> None:
    first = variables(dashboard)[0]
    wanted = {"name": "datasource", "label": "Data source", "type": "datasource"}
    assert {key: first[key] for key in wanted} == wanted
    assert first["query"] == "prometheus"


def choices(dashboard: Dashboard) -> list[dict[str, Any]]:
    return [variable for variable in variables(dashboard) if variable["type"] == "query"]


def test_template_labels_are_read_by_valid_queries(dashboard: Dashboard) -> None:
    for variable in choices(dashboard):
        metric, label = re.fullmatch(
            r"label_values\((\w+)(?:\{.*\})?, (\w+)\)", variable["definition"]
        ).groups()
        assert label in FAMILIES[metric].labels


def test_template_variables_offer_all_and_follow_the_time(dashboard: Dashboard) -> None:
    for variable in choices(dashboard):
        assert variable["multi"] is True
        assert variable["includeAll"] is True
        assert variable["allValue"] == ".+"
        assert variable["refresh"] == 2, "on time range change"
        assert variable["sort"] == 1
        assert variable["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_no_variable_goes_unused(dashboard: Dashboard) -> None:
    text = json.dumps({**dashboard, "templating": {}}) + json.dumps(
        [variable.get("definition", "") for variable in variables(dashboard)]
    )
    for variable in variables(dashboard):
        name = variable["name"]
        assert f"${name}" in text or f"${{{name}}}" in text, name


def test_no_variable_is_used_that_is_not_there(dashboard: Dashboard) -> None:
    known = {variable["name"] for variable in variables(dashboard)}
    used = {
        name
        for expression in expressions(dashboard)
        for name in re.findall(r"\$\{?(\w+)\}?", expression)
        if not name.startswith("__")
    }
    assert used <= known


def test_panel_ids_are_given_once(dashboard: Dashboard) -> None:
    found = [panel["id"] for panel in panels(dashboard)]
    assert len(found) == len(set(found))
    assert all(isinstance(one, int) and one > 0 for one in found)


def test_panel_datasource_is_the_chosen_one(dashboard: Dashboard) -> None:
    for panel in shown(dashboard):
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_panel_title_and_description(dashboard: Dashboard) -> None:
    for panel in shown(dashboard):
        assert panel["title"]
        assert len(panel["description"]) > len(panel["title"]), panel["title"]
        assert panel["description"].endswith((".", "。")), panel["title"]
    titles = [panel["title"] for panel in shown(dashboard)]
    assert len(titles) == len(set(titles))


def test_panel_units(dashboard: Dashboard) -> None:
    for panel in shown(dashboard):
        if panel["type"] not in UNITLESS:
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_panel_has_something_to_show(dashboard: Dashboard) -> None:
    for panel in shown(dashboard):
        assert [target["expr"] for target in panel["targets"]], panel["title"]
        refs = [target["refId"] for target in panel["targets"]]
        assert len(refs) == len(set(refs)), panel["title"]


def test_panels_lie_on_the_grid_beside_each_other(dashboard: Dashboard) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, (panel["title"], taken[x, y])
                taken[x, y] = panel["title"]


def test_target_promql_is_valid(dashboard: Dashboard) -> None:
    annotations = [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
    for expression in (*expressions(dashboard), *annotations):
        parse(re.sub(r"\$__\w+", "5m", expression))


def test_what_a_linter_would_object_to_has_its_reason() -> None:
    exclusions = yaml.safe_load((ROOT / "grafana" / ".lint").read_text(encoding="utf-8"))
    assert all(rule["reason"] for rule in exclusions["exclusions"].values())


def test_target_reads_metrics_that_exist(dashboard: Dashboard) -> None:
    for expression in expressions(dashboard):
        found = METRIC.findall(expression)
        assert found, expression
        for name in found:
            base = next((name.removesuffix(part) for part in PARTS if name.endswith(part)), name)
            assert name in RECORDED or name in FAMILIES or base in FAMILIES, name


def test_target_rate_interval_follows_the_scrape(dashboard: Dashboard) -> None:
    for expression in expressions(dashboard):
        for length in re.findall(r"\[([^\]]+)\]", expression):
            assert length in {"$__rate_interval", "$__range"}, expression


def test_target_counters_are_shown_as_rates(dashboard: Dashboard) -> None:
    for expression in expressions(dashboard):
        for name in METRIC.findall(expression):
            if name in COUNTERS or name.endswith(PARTS):
                assert any(rate + name in expression for rate in RATES), expression


OF_A_REPLICA = (
    *("numwatch_event_loop_", "numwatch_rule_", "numwatch_replicas", "numwatch_database_"),
    *("numwatch_config_", "numwatch_account_lease_epoch"),
)
"""What each replica says of itself."""
ONCE = "max without (instance, pod) ("


def counted_twice(expression: str) -> list[str]:
    """The metrics that two replicas may show at once and that ``expression`` does not join.

    The increase of a counter is of each replica's own time.
    """
    return [
        name
        for name in METRIC.findall(expression)
        if name not in COUNTERS
        and not name.endswith(PARTS)
        and not name.startswith(OF_A_REPLICA)
        and expression.count(name + "{") + expression.count(name + ")")
        != expression.count(ONCE + name + "{") + expression.count(ONCE + name + ")")
    ]


def test_target_counts_an_account_once_that_two_replicas_show(dashboard: Dashboard) -> None:
    annotations = [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
    for expression in (*expressions(dashboard), *annotations):
        assert not counted_twice(expression), expression


@pytest.mark.parametrize(
    "expression", ["sum(numwatch_tickets)", 'numwatch_number_up{account="hq"} == 0']
)
def test_one_that_counts_it_twice_is_found(expression: str) -> None:
    assert counted_twice(expression)


def test_target_filters_by_the_chosen_provider_and_account(dashboard: Dashboard) -> None:
    for expression in expressions(dashboard):
        for name in METRIC.findall(expression):
            family = FAMILIES.get(name)
            if family and "provider" in family.labels:
                assert f'{name}{{provider=~"$provider"' in expression, expression


def test_the_provisioning_names_the_folder_and_a_data_source() -> None:
    provisioning = ROOT / "grafana" / "provisioning"
    sources = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text("utf-8"))
    assert [source["type"] for source in sources["datasources"]] == ["prometheus"] * 2
    assert [source.get("isDefault") for source in sources["datasources"]] == [True, None]
    found = yaml.safe_load((provisioning / "dashboards" / "numwatch.yml").read_text("utf-8"))
    for provider in found["providers"]:
        assert provider["type"] == "file"
        assert Path(provider["options"]["path"]).name in LANGUAGES
    assert len({provider["folder"] for provider in found["providers"]}) == len(LANGUAGES)

"""What dashboard linters object to, checked offline over grafana/."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.rules.load import load_rules
from agent.rules.rule import RecordingRule
from exporters.family import FAMILIES

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
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


@pytest.fixture(params=dashboards(), ids=[path.stem for path in FILES])
def dashboard(request: pytest.FixtureRequest) -> Dashboard:
    found: Dashboard = request.param
    return found


def test_there_are_dashboards() -> None:
    assert FILES


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


def test_template_variables_offer_all_and_follow_the_time(dashboard: Dashboard) -> None:
    for variable in variables(dashboard)[1:]:
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
        assert panel["description"].endswith("."), panel["title"]
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


def test_target_filters_by_the_chosen_provider_and_account(dashboard: Dashboard) -> None:
    for expression in expressions(dashboard):
        for name in METRIC.findall(expression):
            family = FAMILIES.get(name)
            if family and "provider" in family.labels:
                assert f'{name}{{provider=~"$provider"' in expression, expression


def test_the_provisioning_names_the_folder_and_a_data_source() -> None:
    provisioning = ROOT / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())[
        "datasources"
    ]
    assert source["type"] == "prometheus"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "numwatch.yml").read_text())[
        "providers"
    ]
    assert provider["type"] == "file"

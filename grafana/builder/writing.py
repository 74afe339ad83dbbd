"""Dashboards as the JSON that Grafana reads, in either language."""

from collections.abc import Callable, Iterator
from typing import Any

from grafana.builder.model import OF_ACCOUNT, Dashboard, Panel, Query, Section, once

Json = dict[str, Any]
Translate = Callable[[str], str]

SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
_WIDTHS = {"stat": 4, "timeseries": 12, "table": 12}
_HEIGHTS = {"stat": 4, "timeseries": 8, "table": 8}
_COLUMNS = 24
_REFS = "ABCDEFGH"
AGENT = "http://127.0.0.1:10400"
"""Where the agent's pages are by default; a reader may name another address in ``$numwatch``."""


def to_json(dashboard: Dashboard, translate: Translate, suffix: str) -> Json:
    """The dashboard; ``suffix`` tells the ids of one language from those of another."""
    title = translate(dashboard.title)
    return {
        "id": None,
        "uid": f"numwatch-{dashboard.name}{suffix}",
        "title": f"numwatch / {title}",
        "description": translate(dashboard.description),
        "tags": ["numwatch", f"numwatch{suffix or '-en'}"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": list(_annotations(dashboard, translate))},
        "links": _links(translate, suffix),
        "templating": {"list": list(_variables(dashboard, translate))},
        "panels": _panels(dashboard.sections, translate),
    }


def _links(translate: Translate, suffix: str) -> list[Json]:
    """To the other dashboards of the same language, and to the agent's pages."""
    common = {"icon": "external link", "includeVars": True, "keepTime": True, "targetBlank": False}
    others = {**common, "type": "dashboards", "tags": [f"numwatch{suffix or '-en'}"]}
    agent = {**common, "type": "link", "includeVars": False, "keepTime": False, "tags": []}
    return [
        {**others, "asDropdown": True, "title": translate("Dashboards"), "url": "", "tooltip": ""},
        {**agent, "title": translate("Pages of numwatch"), "url": "${numwatch}", "tooltip": ""},
    ]


# Annotations: the value of these series is the time of what they mark.


def _annotations(dashboard: Dashboard, translate: Translate) -> Iterator[Json]:
    yield _annotation(
        translate("Configuration loaded"),
        "numwatch_config_last_reload_success_timestamp_seconds * 1000",
        "blue",
        translate("Configuration loaded"),
    )
    yield _annotation(
        translate("Tickets changed"),
        f"{once('numwatch_ticket_changed_timestamp_seconds')} * 1000",
        "orange",
        "{{ticket}} {{stage}}",
    )
    if dashboard.has_account:
        drift = f"{once(f'numwatch_number_config_drift{{{OF_ACCOUNT}}}')} == 1"
        yield {
            **_annotation(translate("Configuration drifted"), drift, "purple", "{{number}}"),
            "useValueForTime": False,
        }


def _annotation(name: str, expression: str, color: str, title: str) -> Json:
    return {
        "name": name,
        "datasource": SOURCE,
        "enable": True,
        "expr": expression,
        "iconColor": color,
        "titleFormat": title,
        "textFormat": "",
        "useValueForTime": True,
    }


# Variables.


def _variables(dashboard: Dashboard, translate: Translate) -> Iterator[Json]:
    yield {
        "name": "datasource",
        "label": "Data source",  # What dashboard linters ask for, in any language.
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "options": [],
        "refresh": 1,
        "regex": "",
        "skipUrlSync": False,
    }
    if dashboard.has_account:
        yield _choice("provider", translate("Provider"), "numwatch_provider_up, provider")
        yield _choice(
            "account",
            translate("Account"),
            'numwatch_provider_up{provider=~"$provider"}, account',
        )
    if dashboard.has_number:
        yield _choice(
            "number",
            translate("Number"),
            'numwatch_number_up{provider=~"$provider", account=~"$account"}, number',
        )
    yield {
        "name": "numwatch",
        "label": translate("Address of numwatch"),
        "type": "textbox",
        "query": AGENT,
        "current": {"selected": True, "text": AGENT, "value": AGENT},
        "hide": 0,
        "options": [],
        "skipUrlSync": False,
    }


def _choice(name: str, label: str, values: str) -> Json:
    query = f"label_values({values})"
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": "A"},
        "definition": query,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "sort": 1,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [],
        "hide": 0,
        "regex": "",
        "skipUrlSync": False,
    }


# Panels, from left to right and from top to bottom.


def _panels(sections: tuple[Section, ...], translate: Translate) -> list[Json]:
    panels: list[Json] = []
    y = 0
    for section in sections:
        panels.append(_row(section, translate, len(panels) + 1, y))
        y += 1
        x, height = 0, 0
        for panel in section.panels:
            width = panel.width or _WIDTHS[panel.kind]
            if x + width > _COLUMNS or (height and height != _HEIGHTS[panel.kind]):
                x, y = 0, y + height
            height = _HEIGHTS[panel.kind]
            place = {"h": height, "w": width, "x": x, "y": y}
            panels.append(_panel(panel, translate, len(panels) + 1, place))
            x += width
        y += height
    return panels


def _row(section: Section, translate: Translate, number: int, y: int) -> Json:
    return {
        "id": number,
        "type": "row",
        "title": translate(section.title),
        "collapsed": False,
        "gridPos": {"h": 1, "w": _COLUMNS, "x": 0, "y": y},
        "panels": [],
    }


def _panel(panel: Panel, translate: Translate, number: int, place: Json) -> Json:
    return {
        "id": number,
        "type": panel.kind,
        "title": translate(panel.title),
        "description": translate(panel.description),
        "datasource": SOURCE,
        "gridPos": place,
        "links": _runbook(panel, translate),
        "targets": [
            _target(query, panel, translate, ref)
            for query, ref in zip(panel.queries, _REFS, strict=False)
        ],
        **_FORMS[panel.kind](panel, translate),
    }


def _runbook(panel: Panel, translate: Translate) -> list[Json]:
    if not panel.runbook:
        return []
    address = "${numwatch}/runbooks/" + panel.runbook
    return [{"title": translate("Runbook"), "url": address, "targetBlank": True}]


def _target(query: Query, panel: Panel, translate: Translate, ref: str) -> Json:
    instant = panel.kind != "timeseries"
    target = {
        "datasource": SOURCE,
        "expr": query.expression,
        "legendFormat": _legend(query.legend, translate),
        "refId": ref,
        "editorMode": "code",
        "range": not instant,
        "instant": instant,
    }
    return {**target, "format": "table"} if panel.kind == "table" else target


def _legend(legend: str, translate: Translate) -> str:
    """The legend with its last word translated, where that is no label."""
    labels, brackets, word = legend.rpartition("}}")
    text = word.strip()
    if not text.replace(" ", "").isalpha():
        return legend
    return f"{labels}{brackets} {translate(text)}".strip()


def _stat(panel: Panel, _translate: Translate) -> Json:
    steps: list[Json] = [{"color": "green", "value": None}]
    if panel.bad_from is not None:
        steps.append({"color": "red", "value": panel.bad_from})
    return {
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "noValue": "–",
                "thresholds": {"mode": "absolute", "steps": steps},
                "mappings": [],
            },
            "overrides": [],
        },
        "options": {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "colorMode": "value",
            "graphMode": "none",
            "textMode": "auto",
            "justifyMode": "auto",
            "orientation": "auto",
        },
    }


def _timeseries(panel: Panel, _translate: Translate) -> Json:
    stacking = {"mode": "normal" if panel.is_stacked else "none", "group": "A"}
    custom = {
        "lineWidth": 2,
        "fillOpacity": 20 if panel.is_stacked else 8,
        "showPoints": "never",
        "stacking": stacking,
    }
    return {
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "custom": custom,
                "color": {"mode": "palette-classic"},
            },
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


_PAGES = {
    "number": "${numwatch}/numbers/${__value.raw}",
    "ticket": "${numwatch}/tickets/${__value.raw}",
}
"""The page of what a column names, by label."""


def _table(panel: Panel, translate: Translate) -> Json:
    columns = {label: translate(name) for label, name in panel.columns.items()}
    transformation = {
        "filterFieldsByName": {"include": {"names": list(columns)}},
        "organize": {
            "excludeByName": {},
            "indexByName": {label: index for index, label in enumerate(columns)},
            "renameByName": columns,
        },
    }
    return {
        "transformations": [
            {"id": name, "options": options} for name, options in transformation.items()
        ],
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "noValue": translate("nothing"),
                "custom": {"align": "auto", "filterable": True},
            },
            "overrides": [
                _linked(columns[label], address, translate)
                for label, address in _PAGES.items()
                if label in columns
            ],
        },
        "options": {"showHeader": True, "cellHeight": "sm"},
    }


def _linked(column: str, address: str, translate: Translate) -> Json:
    link = {"title": translate("Page in numwatch"), "url": address, "targetBlank": True}
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": "links", "value": [link]}],
    }


_FORMS: dict[str, Callable[[Panel, Translate], Json]] = {
    "stat": _stat,
    "timeseries": _timeseries,
    "table": _table,
}

"""The runbooks: both languages of each say the same, and alerts link to the agent's own pages."""

import ast
import re
from pathlib import Path

import pytest

from agent.alert_sources import REJECTED
from agent.complaints.alerts import AGAIN, ALONE
from agent.i18n import CHINESE, ENGLISH
from agent.plan import make_plan
from agent.rules.alerts_in_code import ALERTS_IN_CODE, INSPECTION_FINDING
from agent.rules.load import load_rules
from agent.rules.page import markdown
from agent.rules.rule import AlertingRule, RuleSet
from agent.rules.runbooks import PUBLISHED, read_runbook, runbook_names, with_served_runbooks
from agent.tickets.decide.common_cause import ALERT_NAME

ROOT = Path(__file__).parents[2]
SHIPPED = load_rules(sorted((ROOT / "alert_rules").glob("*.yml")))
ALL = SHIPPED.alert_names | {alert.name for alert in ALERTS_IN_CODE}
MAKERS = {
    "agent/alert_sources.py",
    "agent/complaints/alerts.py",
    "agent/inspections/service.py",
    "agent/tickets/decide/common_cause.py",
}
"""Who makes alerts that no rule has; each of their names is in ``ALERTS_IN_CODE``."""
OF_OTHERS = {"agent/rules/active.py", "agent/webhooks/alertmanager/translate.py"}
"""Who makes alerts that a rule names: the agent's own engine, and Alertmanager."""
CONFIG = """
web: {external_url: https://watch.example.com}
providers:
  - name: north
    profile: static
    accounts:
      - id: hq
        inventory: {numbers: [{number: "4006220001", phones: [{phone: "13800000001"}]}]}
"""
HEADINGS = {
    "Meaning": "含义",
    "Impact": "影响",
    "Diagnosis": "排查",
    "Whom to call": "联系谁",
    "Repair": "处理",
}
CODE = re.compile(r"`[^`]*`")
LINK = re.compile(r"\]\(([^)]*)\)")
SENTENCE = re.compile(r"(?:[A-Za-z']+[ ,]+){3,}[A-Za-z']+")
"""Four English words in a row; names such as 400 or SIGHUP stand alone in Chinese."""
FACT = re.compile(r"`([^`]+)`")


def annotations(rules: RuleSet) -> dict[str, dict[str, str]]:
    return {
        rule.name: {name: text.source for name, text in rule.annotations.items()}
        for group in rules.groups
        for rule in group.rules
        if isinstance(rule, AlertingRule)
    }


def plain(text: str) -> str:
    return LINK.sub("]", CODE.sub("", text))


def english_in(text: str) -> list[str]:
    return SENTENCE.findall(plain(text))


@pytest.mark.parametrize("name", sorted(ALL))
class TestEveryAlert:
    def test_has_the_same_headings_in_both_languages(self, name: str) -> None:
        found = re.findall(r"^#+ (.*)$", read_runbook(name, ENGLISH), re.MULTILINE)
        chinese = re.findall(r"^#+ (.*)$", read_runbook(name, CHINESE), re.MULTILINE)
        assert found == [name, *HEADINGS]
        assert chinese == [name, *HEADINGS.values()]

    def test_names_the_same_metrics_and_commands_in_both_languages(self, name: str) -> None:
        english = set(FACT.findall(read_runbook(name, ENGLISH)))
        chinese = set(FACT.findall(read_runbook(name, CHINESE)))
        assert english <= chinese, english - chinese

    def test_speaks_one_language_at_a_time(self, name: str) -> None:
        assert english_in(read_runbook(name, CHINESE)) == []
        assert re.findall(r"[\u4e00-\u9fff]{5,}", plain(read_runbook(name, ENGLISH))) == []


def test_an_english_sentence_in_a_chinese_page_is_found() -> None:
    assert english_in("号码 the number is out of service `a b c d`。")


def test_every_runbook_belongs_to_a_shipped_alert() -> None:
    folder = ROOT / "docs" / "runbooks"
    assert set(runbook_names()) == ALL
    assert {path.stem for path in (folder / "zh").glob("*.md")} == ALL


def test_whoever_makes_alerts_in_code_is_known() -> None:
    makers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "agent").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Alert"
    }
    assert makers == MAKERS | OF_OTHERS, "name the alerts in agent/rules/alerts_in_code.py"
    names = {alert.name for alert in ALERTS_IN_CODE}
    assert names == {ALONE, AGAIN, REJECTED, ALERT_NAME, INSPECTION_FINDING}


@pytest.mark.parametrize(("page", "language"), [("alerts.md", "en"), ("alerts.zh.md", "zh")])
def test_the_list_of_alerts_has_every_one_of_them(page: str, language: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert text == markdown(language)
    assert [name for name in sorted(ALL) if f"[{name}](runbooks/" not in text] == []


def test_alerts_link_to_the_agents_own_pages() -> None:
    served = annotations(with_served_runbooks(SHIPPED, "https://watch.example.com/n/"))
    for name, texts in served.items():
        assert texts["runbook_url"] == f"https://watch.example.com/n/runbooks/{name}"


def test_a_configuration_with_an_address_is_enough(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    texts = annotations(make_plan(config).ruleset)
    assert texts["BalanceLow"]["runbook_url"] == "https://watch.example.com/runbooks/BalanceLow"


def test_without_an_address_they_link_to_the_published_documents() -> None:
    assert with_served_runbooks(SHIPPED, None) is SHIPPED
    for name, texts in annotations(SHIPPED).items():
        assert texts["runbook_url"] == f"{PUBLISHED}runbooks/{name}.md"


def test_a_rule_of_ones_own_keeps_its_link_and_gets_none_that_leads_nowhere(
    tmp_path: Path,
) -> None:
    file = tmp_path / "own.yml"
    file.write_text(
        "groups: [{name: own, rules: ["
        "{alert: BalanceLow, expr: up == 0, annotations: {runbook_url: 'https://wiki/balance'}},"
        "{alert: BalanceStop, expr: up == 0},"
        "{alert: NobodyKnows, expr: up == 0}]}]",
        encoding="utf-8",
    )
    served = annotations(with_served_runbooks(load_rules([file]), "https://watch.example.com"))
    assert served["BalanceLow"] == {"runbook_url": "https://wiki/balance"}
    assert served["BalanceStop"] == {
        "runbook_url": "https://watch.example.com/runbooks/BalanceStop"
    }
    assert served["NobodyKnows"] == {}


def test_an_alert_without_a_runbook_says_so() -> None:
    with pytest.raises(LookupError, match="no runbook"):
        read_runbook("../index", ENGLISH)

"""An account that spends what its calls do not explain, and one beside phones that nobody approved,
has an alert with a runbook in both languages; it is told from fees and recharges, learnt from the
account's own hours, and fires nothing before enough of them are known.

Not shown: the three days that are learnt; `tests/app/test_unexplained_spend.py` begins after them.
"""

from tests.source_rows.hotlines import Hotlines

ROW = "abnormal_charges"


def test_the_alert_is_watched_and_explained(hotlines: Hotlines) -> None:
    hotlines.set(ROW, {"state": "off"}, binding="b1")
    rules = [
        rule
        for group in hotlines.json("/api/v1/rules")["data"]["groups"]
        for rule in group["rules"]
        if rule["name"] == "UnexplainedSpend"
    ]
    assert {rule["labels"]["severity"] for rule in rules} == {"warning", "critical"}
    assert {rule["health"] for rule in rules} == {"ok"}
    assert {rule["state"] for rule in rules} == {"inactive"}
    for lang, words in (("en", "explain"), ("zh-CN", "消费")):
        assert words in hotlines.page("/runbooks/UnexplainedSpend", lang)
    # What is not learnt yet has no series, which is not the same as nothing unexplained.
    metrics = hotlines.agent.get("/metrics").decode()
    assert "numwatch_account_spend_last_hour_explained{" not in metrics

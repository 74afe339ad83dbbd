"""An account that spends what its calls do not explain, and one beside phones that nobody approved,
has an alert with a runbook in both languages; so has a number that answers calls while it is closed
or from other countries, or has calls at once, as it never did. They are told from fees, recharges
and usual days, learnt from the account's and the number's own hours, and nothing fires before
enough of them are known.

Not shown: the days that are learnt; `tests/app/test_unexplained_spend.py` and
`tests/app/test_unusual_calls.py` begin after them. Areas within China are not compared, as a
mobile's number does not tell where it is, and calls that go out are in no provider's records.
"""

import pytest

from tests.source_rows.hotlines import Hotlines

ROW = "abnormal_charges"
SPEND = ("UnexplainedSpend", ["critical", "warning"], ("explain", "消费"))
CALLS = ("CallsUnusual", ["warning"], ("while the number was closed", "作息时间"))


@pytest.mark.parametrize(("alert", "severities", "words"), [SPEND, CALLS])
def test_the_alert_is_watched_and_explained(
    hotlines: Hotlines, alert: str, severities: list[str], words: tuple[str, str]
) -> None:
    hotlines.set(ROW, {"state": "off"}, binding="b1")
    rules = [
        rule
        for group in hotlines.json("/api/v1/rules")["data"]["groups"]
        for rule in group["rules"]
        if rule["name"] == alert
    ]
    assert sorted(rule["labels"]["severity"] for rule in rules) == severities
    assert {rule["health"] for rule in rules} == {"ok"}
    assert {rule["state"] for rule in rules} == {"inactive"}
    for lang, word in zip(("en", "zh-CN"), words, strict=True):
        assert word in hotlines.page(f"/runbooks/{alert}", lang)


def test_what_is_not_learnt_yet_has_no_series(hotlines: Hotlines) -> None:
    # Which is not the same as nothing unexplained.
    metrics = hotlines.agent.get("/metrics").decode()
    assert "numwatch_number_up{" in metrics
    assert "numwatch_account_spend_last_hour_explained{" not in metrics
    assert "numwatch_number_compared_calls{" not in metrics

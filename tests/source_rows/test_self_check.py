"""Before anybody is called, one question answers what callers, phones, settings and money have to
do with it: a listed caller is told so however his number is written, another is not; phones and
their states, findings about the settings and the balance stand on the pages of number and
account, in both languages."""

from tests.source_rows.asking import configure, verdict
from tests.source_rows.hotlines import Hotlines

ROW = "self_check"


def test_callers_phones_settings_and_balance_are_checked(hotlines: Hotlines) -> None:
    listed = configure(
        hotlines,
        ROW,
        {"routing.blacklist": ["1390000"]},
        "list_blocks_caller",
        "+86 139 0000 1111",
    )
    hotlines.set(ROW, {"state": "off"}, binding="b1")
    assert listed["party"] == "admin"
    assert verdict(hotlines, ROW, "13700001111")["cause"] == "healthy"
    assert verdict(hotlines, ROW)["cause"] == "healthy"
    hotlines.until(lambda: "binding" in findings(hotlines), "the phone is seen to be off")
    for lang, words in (("en", ("off", "Balance")), ("zh-CN", ("关机", "余额"))):
        number = hotlines.page(f"/numbers/{hotlines.number(ROW)}", lang)
        account = hotlines.page("/accounts/north/hq", lang)
        assert words[0] in number
        assert words[1] in account
        assert "5,000" in account or "5000" in account


def findings(hotlines: Hotlines) -> set[str]:
    """The codes of what is wrong with the row's hotline."""
    (row,) = hotlines.json("/api/numbers", q=hotlines.number(ROW))["items"]
    return {it["code"] for it in row["findings"]}

"""From the alarm the companies behind it are known, with grade, place and contact, before anybody
complained: on a page and by the interface. Their contacts get an SMS in their language about their
own numbers, once, and another when service is back; who was told what is kept."""

from tests.source_rows.command import CONTACTS, OUTAGE, Command


def test_customers_are_known_and_told_before_they_complain(command: Command) -> None:
    seen = command.outage()
    assert seen.complaints == []
    listed = [(it["company"], it["grade"], it["cities"]) for it in seen.customers["items"]]
    assert listed == [
        ("甲公司", "AAA", ["广州"]),
        ("丙公司", "A", ["深圳"]),
        ("Beta Ltd", "standard", ["广州"]),
    ]
    (_, wang), (_, smith) = CONTACTS.values()
    assert seen.during[wang] == [f"故障处理中: {OUTAGE[0]}"]
    assert seen.during[smith] == [f"Fault under repair: {OUTAGE[1]}"]
    assert seen.after[wang][1:] == [f"业务已恢复: {OUTAGE[0]}"]
    assert seen.after[smith][1:] == [f"Service is back: {OUTAGE[1]}"]
    notices = command.json(f"/api/tickets/{seen.ticket['id']}/customers")["notices"]
    told = [(it["name"], it["event"]) for it in notices if it["company"]]
    assert sorted(told) == [
        ("Smith", "customer.affected"),
        ("Smith", "customer.restored"),
        ("王经理", "customer.affected"),
        ("王经理", "customer.restored"),
    ]
    assert "王经理" in seen.page
    assert wang not in seen.page

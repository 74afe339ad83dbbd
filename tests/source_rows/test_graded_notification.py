"""Who gets an SMS follows the grade of the customers: with an important AAA customer behind a
severe fault the department leader does, the team lead of AA and the leaders of ordinary customers
do not."""

from tests.source_rows.command import PEOPLE, Command


def test_the_leader_of_the_grade_is_told_and_nobody_elses(command: Command) -> None:
    seen = command.outage()
    texts = [it.partition(":")[0] for it in seen.during[PEOPLE["director"]]]
    assert texts == ["重要客户的重大故障"]
    assert command.gateway.of(PEOPLE["lead"]) == []
    events = {it["event"]: it["name"] for it in seen.customers["notices"]}
    assert events["command.leaders"] == "director"

"""The rules of the demo: all that are shipped, beside each other, also in a folder used before."""

from pathlib import Path

from agent.demo.story_rules import rule_files

SHIPPED = Path(__file__).parents[2] / "alert_rules"


def test_all_shipped_rules_are_there_in_their_order_and_only_calls_differ(tmp_path: Path) -> None:
    for speed in (1.0, 10.0):  # the second time in the folder of the first, as with --data
        [pattern] = rule_files(tmp_path, speed)
        made = {file.name: file.read_text() for file in Path(pattern).parent.glob("*.yml")}
        shipped = {file.name: file.read_text() for file in SHIPPED.glob("*.yml")}
        assert made.keys() == shipped.keys()
        assert {name for name in made if made[name] != shipped[name]} == {"calls.yml"}
    assert "[3000ms]" in made["calls.yml"]

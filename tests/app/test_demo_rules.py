"""The rules of the demo: all that are shipped, beside each other, also in a folder used before."""

import math
from pathlib import Path

import yaml

from agent.checks.concurrency import NEAR
from agent.demo.story_rules import rule_files
from agent.demo.world import STORY
from agent.polling.call_ledger import MOST_RECENT_CALLS

SHIPPED = Path(__file__).parents[2] / "alert_rules"


def test_all_shipped_rules_are_there_in_their_order_and_only_calls_differ(tmp_path: Path) -> None:
    for speed in (1.0, 10.0):  # the second time in the folder of the first, as with --data
        [pattern] = rule_files(tmp_path, speed)
        made = {file.name: file.read_text() for file in Path(pattern).parent.glob("*.yml")}
        shipped = {file.name: file.read_text() for file in SHIPPED.glob("*.yml")}
        assert made.keys() == shipped.keys()
        differ = {name for name in made if made[name] != shipped[name]}
        assert differ == {"calls.yml", "numwatch.yml"}
    assert "[5000ms]" in made["calls.yml"]


def test_data_are_out_of_date_by_the_seconds_of_this_machine_at_any_speed(tmp_path: Path) -> None:
    for speed in (1, 10):
        [pattern] = rule_files(tmp_path, speed)
        made = yaml.safe_load((Path(pattern).parent / "numwatch.yml").read_text())
        shipped = yaml.safe_load((SHIPPED / "numwatch.yml").read_text())
        changed = {
            rule["alert"]: rule["for"]
            for group, same in zip(made["groups"], shipped["groups"], strict=True)
            for rule, other in zip(group["rules"], same["rules"], strict=True)
            if rule != other
        }
        # The demo's pace shortens it to half a minute again.
        assert changed == {"ProviderPollStale": f"{300 * speed}s"}


LEAST_CALLS = 20
"""Fewer calls than that in half a minute say nothing to a rule."""
MOST_LOST, MOST_BUSY = 4, 2
"""Of 20 calls, before a rule has something to say."""
SELDOM = 1e-3


def more_than(most: int, share: float) -> float:
    """How probable it is that more than ``most`` of 20 calls are among ``share`` of all."""
    least = (
        math.comb(LEAST_CALLS, count) * share**count * (1 - share) ** (LEAST_CALLS - count)
        for count in range(most + 1)
    )
    return 1 - sum(least)


def test_calls_that_are_well_look_by_chance_like_a_fault_hardly_ever() -> None:
    world = yaml.safe_load(STORY.read_text("utf-8"))
    accounts = [account for provider in world["providers"] for account in provider["accounts"]]
    calls = [number["calls"] for it in accounts for number in it["numbers"] if "calls" in number]
    # The first entry about calls begins their fault, the second ends it.
    calls += [it["set"]["calls"] for it in world["timeline"] if "calls" in it.get("set", ())][1:]
    lines = [it["results"] for it in calls if it["per_hour"] / 120 >= LEAST_CALLS]
    assert len(lines) == 2
    for results in lines:
        assert more_than(MOST_LOST, 1 - results["answered"]) < SELDOM
        assert more_than(MOST_BUSY, results.get("busy", 0.0)) < SELDOM


def test_no_number_of_the_story_comes_near_its_limit_of_calls_at_once() -> None:
    world = yaml.safe_load(STORY.read_text("utf-8"))
    accounts = [account for provider in world["providers"] for account in provider["accounts"]]
    numbers = [number for it in accounts for number in it["numbers"] if "calls" in number]
    told = [it for it in numbers if "routing" in it]
    assert len(told) >= 6
    for number in told:
        # The story is told ten times as fast, and its calls last as long as ever.
        assert NEAR * number["routing"]["concurrency_limit"] > MOST_RECENT_CALLS

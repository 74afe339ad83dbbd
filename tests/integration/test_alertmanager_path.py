"""One fault, one ticket, whichever path tells it: real Prometheus and Alertmanager."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.alerting_peers import NUMBERS, TOKEN, Peers, Process, peers, types
from tests.integration.processes import wait_until
from tests.proof_size import size

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(240)]

WAIT = 30.0
FEW = NUMBERS[:6]
"""Where one breaks: enough for that to be no fault of all."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peers]:
    """Embedded rules and Alertmanager."""
    with peers(tmp_path_factory.mktemp("both")) as made:
        yield made


def stays(peers_: Peers, number: str, seconds: float) -> None:
    """The number's ticket is the only one and nobody hears anything new of it."""
    before = peers_.one_ticket(number)
    time.sleep(seconds)
    after = peers_.one_ticket(number)
    assert (after["id"], after["revision"]) == (before["id"], before["revision"])
    assert types(after) == types(before)


def test_the_embedded_rules_are_faster_and_it_is_one_ticket(both: Peers) -> None:
    number = NUMBERS[0]
    both.break_number(number)
    ticket = both.one_ticket(number)
    assert both.hook_count("fired") == 0, "the embedded rules were not faster"
    wait_until(lambda: both.hook_count("fired") >= 1, WAIT, "Alertmanager tells it too")
    stays(both, number, 2)
    both.mend_number(number)
    (closed,) = both.closed(number)
    assert closed["id"] == ticket["id"]
    assert types(closed).count("ticket.opened") == 1
    assert "ticket.reopened" not in types(closed)


def test_alertmanager_killed_sends_everything_again_and_nobody_hears_of_it(both: Peers) -> None:
    broken = NUMBERS[1:4]
    for number in broken:
        both.break_number(number)
    for number in broken:
        both.one_ticket(number)
    wait_until(lambda: both.hook_count("fired") >= len(broken), WAIT, "Alertmanager sent them")
    repeats = both.hook_count("repeated")
    both.alertmanager.restart()
    wait_until(
        lambda: both.hook_count("repeated") >= repeats + len(broken), WAIT, "all are sent again"
    )
    for number in broken:
        assert types(both.one_ticket(number)).count("ticket.opened") == 1
    stays(both, broken[0], 2)
    for number in broken:
        both.mend_number(number)
    assert len(both.closed(*broken)) == len(broken)


def test_a_resolve_that_is_lost_is_found_by_asking(both: Peers) -> None:
    number = NUMBERS[4]
    both.break_number(number)
    both.one_ticket(number)
    fired = both.metric("numwatch_intake_alerts_firing")
    wait_until(
        lambda: both.metric("numwatch_intake_alerts_firing") >= max(1, fired),
        WAIT,
        "it fires at the agent",
    )
    both.alertmanager.kill()
    both.mend_number(number)
    wait_until(lambda: not both.prometheus_alerts(number), WAIT, "Prometheus takes it for over")
    time.sleep(4)
    assert both.one_ticket(number)["stage"] != "closed", "silence is no recovery"
    both.alertmanager.start()
    both.closed(number)
    assert both.metric("numwatch_intake_reconcile_repairs_total", repair="lost_resolve") >= 1
    assert len(both.tickets(number)) == 1


def test_alertmanager_alone_opens_and_closes_the_ticket(tmp_path: Path) -> None:
    number = NUMBERS[0]
    with peers(tmp_path, embedded=False, numbers=FEW) as scene:
        scene.break_number(number)
        ticket = scene.one_ticket(number)
        assert ticket["diagnosis"]["cause"] == "number_suspended_requested"
        scene.agent.restart()
        stays(scene, number, 2)
        scene.mend_number(number)
        (closed,) = scene.closed(number)
        assert types(closed).count("ticket.opened") == 1


def test_alertmanager_is_faster_then_comes_late_and_it_is_one_ticket(tmp_path: Path) -> None:
    number = NUMBERS[0]
    options: dict[str, Any] = {"rounds": 3, "group_wait": "100ms", "reconcile": False}
    with peers(tmp_path, numbers=FEW, **options) as scene:
        scene.break_number(number)
        wait_until(lambda: scene.hook_count("fired"), WAIT, "Alertmanager tells it")
        scene.one_ticket(number)
        scene.agent.kill()
        wait_until(lambda: scene.alertmanager_fires(number), WAIT, "it fires without the agent")
        scene.agent.start()
        stays(scene, number, 5)
        scene.mend_number(number)
        assert len(scene.closed(number, within=60)) == 1


def test_without_alertmanager_the_embedded_rules_do_it_alone(tmp_path: Path) -> None:
    number = NUMBERS[0]
    with peers(tmp_path, numbers=FEW) as scene:
        scene.alertmanager.kill()
        scene.break_number(number)
        ticket = scene.one_ticket(number)
        wait_until(
            lambda: scene.metric("numwatch_intake_reconcile_failures_total", reason="connect"),
            WAIT,
            "Alertmanager did not answer",
        )
        scene.mend_number(number)
        (closed,) = scene.closed(number)
        assert closed["id"] == ticket["id"]


def test_what_was_refused_for_a_wrong_token_comes_again_once_it_is_right(tmp_path: Path) -> None:
    number = NUMBERS[0]
    with peers(tmp_path, embedded=False, reconcile=False, numbers=FEW) as scene:
        scene.use_token("another-long-token")
        scene.break_number(number)
        refused = "numwatch_intake_requests_total"
        wait_until(
            lambda: scene.metric(refused, outcome="unauthorized") >= 2, WAIT, "it is refused"
        )
        assert not scene.tickets(number)
        scene.use_token(TOKEN)
        scene.one_ticket(number)
        scene.mend_number(number)
        assert len(scene.closed(number)) == 1


KILLS = size(3, 20, "kills")
"""Twenty take more than a minute."""


def victims(scene: Peers, chance: random.Random) -> list[Process]:
    """Who is killed, in a random order: each of the three, then whoever it hits."""
    three = (scene.agent, scene.prometheus, scene.alertmanager)
    drawn = [*three, *chance.choices(three, k=KILLS - len(three))]
    chance.shuffle(drawn)
    return drawn


def test_kills_of_any_of_them_lose_and_double_nothing(tmp_path: Path) -> None:
    chance = random.Random(KILLS)
    broken = NUMBERS[:KILLS]
    with peers(tmp_path) as scene:
        for number, victim in zip(broken, victims(scene, chance), strict=True):
            scene.break_number(number)
            time.sleep(chance.random())
            victim.restart()
        wait_until(
            lambda: {t["number"] for t in scene.tickets(*broken)} == set(broken),
            WAIT,
            "every fault has its ticket",
        )
        tickets = scene.tickets(*broken)
        assert len(tickets) == len(broken)
        assert all(types(ticket).count("ticket.opened") == 1 for ticket in tickets)
        assert not {kind for t in tickets for kind in types(t)} & {
            "ticket.resolved",
            "ticket.closed",
            "ticket.reopened",
        }
        # They are repaired before it scrapes again, so it never hears that their states ended.
        scene.prometheus.restart()
        for number in broken:
            scene.mend_number(number)
        closed = scene.closed(*broken, within=60)
        assert len(closed) == len(broken)
        assert {ticket["episode"] for ticket in closed} == {1}

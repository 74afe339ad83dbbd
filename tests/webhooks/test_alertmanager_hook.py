"""What Alertmanager posts, with every trap of ticketing.md §5, over real HTTP."""

import asyncio
import gzip
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.store.errors import StoreError
from agent.tickets.key import key_of, subject_of
from agent.webhooks.alertmanager.payload import InvalidMessageError, Message, read_message
from agent.webhooks.alertmanager.record import Trust
from agent.webhooks.alertmanager.source_alert import fingerprint_of, read_alert
from tests.webhooks.conftest import FOREIGN, OURS, START, Hook, message, told


def key(alert: Any) -> str:
    return key_of(subject_of(alert.name, alert.labels))


async def test_a_firing_alert_is_the_very_alert_the_embedded_engine_would_give(hook: Hook) -> None:
    assert await hook.tell(told()) == {"taken": 1, "skipped": []}
    (alert,) = await hook.firing()
    labels = {name: text for name, text in OURS.items() if name != "alertname"}
    assert (alert.name, alert.state) == ("NumberNotActive", "firing")
    assert dict(alert.labels) == labels
    assert alert.active_at == pytest.approx(START, abs=0.001)
    assert key(alert) == key_of(subject_of("NumberNotActive", labels))


async def test_severity_receiver_group_and_further_labels_change_no_key(hook: Hook) -> None:
    await hook.tell(told())
    (first,) = await hook.firing()
    await hook.tell(told(ends=START + 30))
    other = OURS | {"severity": "warning", "replica": "b"}
    await hook.tell(told(other), receiver=r"web\.hook", groupKey="{}/other:{}")
    (second,) = await hook.firing()
    assert key(first) == key(second)


async def test_a_repeat_changes_nothing(hook: Hook) -> None:
    await hook.tell(told())
    before = hook.intake._alerts.standing()
    await hook.tell(told())
    assert hook.intake._alerts.standing() is before
    assert hook.alerts("repeated") == 1


async def test_three_peers_at_once_tell_one_alert(hook: Hook) -> None:
    await asyncio.gather(*(hook.tell(told()) for _ in range(3)))
    assert await hook.names() == ["NumberNotActive"]
    assert (hook.alerts("fired"), hook.alerts("repeated")) == (1, 2)


async def test_a_resolve_takes_the_alert_away(hook: Hook) -> None:
    await hook.tell(told())
    await hook.tell(told(ends=START + 30))
    assert await hook.firing() == []


async def test_a_partial_resolve_keeps_the_others(hook: Hook) -> None:
    other = OURS | {"number": "4006220002"}
    await hook.tell(told(), told(other))
    await hook.tell(told(ends=START + 30), told(other))
    assert [alert.labels["number"] for alert in await hook.firing()] == ["4006220002"]


async def test_a_resolve_of_what_never_fired_is_nothing(hook: Hook) -> None:
    await hook.tell(told(ends=START + 30))
    assert await hook.firing() == []
    assert hook.intake._alerts.standing() == {}
    assert hook.alerts("unknown") == 1


async def test_a_resolve_in_a_message_that_leaves_alerts_out_proves_nothing(hook: Hook) -> None:
    await hook.tell(told())
    await hook.tell(told(ends=START + 30), truncatedAlerts=3)
    assert await hook.names() == ["NumberNotActive"]
    assert hook.alerts("unproven") == 1


async def test_a_late_resolve_after_it_fired_again_is_ignored(hook: Hook) -> None:
    await hook.tell(told())
    await hook.tell(told(starts=START + 50))
    await hook.tell(told(ends=START + 40))
    assert await hook.names() == ["NumberNotActive"]
    assert hook.alerts("late") == 1


async def test_late_word_of_a_firing_that_is_over_is_ignored_only_for_a_while(hook: Hook) -> None:
    await hook.tell(told())
    await hook.tell(told(ends=START + 30))
    await hook.tell(told())
    assert await hook.firing() == []
    hook.clock.now += 60
    await hook.tell(told())
    assert await hook.names() == ["NumberNotActive"]


async def test_it_fires_again_after_a_resolve(hook: Hook) -> None:
    await hook.tell(told())
    await hook.tell(told(ends=START + 30))
    await hook.tell(told(starts=START + 31))
    (alert,) = await hook.firing()
    assert alert.active_at == pytest.approx(START + 31, abs=0.001)


async def test_a_start_that_moves_keeps_the_earliest(hook: Hook) -> None:
    await hook.tell(told())
    await hook.tell(told(starts=START + 45))
    (alert,) = await hook.firing()
    assert alert.active_at == pytest.approx(START, abs=0.001)
    await hook.tell(told(starts=START + 45, ends=START + 50))
    assert await hook.firing() == []


async def test_a_start_in_the_future_can_still_be_resolved(hook: Hook) -> None:
    await hook.tell(told(starts=START + 9000))
    await hook.tell(told(starts=START + 9000, ends=hook.clock.now + 1))
    assert await hook.firing() == []


@pytest.mark.parametrize("start", [None, "", "yesterday", 17, "0001-01-01T00:00:00Z", [], "9" * 99])
async def test_a_start_that_is_no_time_loses_no_alert(hook: Hook, start: Any) -> None:
    await hook.tell(told(startsAt=start))
    await hook.tell(told(startsAt=start))
    (alert,) = await hook.firing()
    assert alert.active_at == hook.clock.now
    assert hook.alerts("repeated") == 1


BAD: list[Any] = [
    None,
    7,
    {},
    told() | {"labels": None},
    told() | {"labels": {}},
    told() | {"labels": {"alertname": 7}},
    told() | {"status": "suppressed"},
    told() | {"labels": {f"l{n}": "x" for n in range(1000)}},
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
async def test_one_bad_alert_never_loses_the_others(hook: Hook, bad: Any) -> None:
    answer = await hook.post(message(told(), *[]) | {"alerts": [bad, told(), bad]})
    assert answer["taken"] == 1
    assert len(answer["skipped"]) == 2
    assert await hook.names() == ["NumberNotActive"]
    assert hook.alerts("invalid") == 2


async def test_odd_annotations_lose_no_alert(hook: Hook) -> None:
    await hook.tell(told(annotations=[]), told(FOREIGN, annotations={"summary": 7, "b": "c"}))
    assert [dict(alert.annotations) for alert in await hook.firing()] == [
        {},
        {"b": "c", "summary": "HostDown: instance=a:9100, job=node"},
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"text": "custom payload"},
        [],
        "firing",
        message(told()) | {"version": "3"},
        message(told()) | {"version": 4},
        message(told()) | {"alerts": {}},
        message() | {"alerts": [None]},
    ],
    ids=range(7),
)
async def test_what_is_no_version_4_message_is_refused_with_what_is_expected(
    hook: Hook, body: Any
) -> None:
    answer = await hook.post(body, 400)
    assert '"version": "4"' in answer["expected"]
    assert answer["error"]
    assert hook.requests("invalid") == 1
    assert await hook.firing() == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"version": "4", "version": "4"}']
)
async def test_what_is_no_json_is_refused(hook: Hook, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with hook.client.post("/hooks/alertmanager", data=body, headers=headers) as answer:
        assert answer.status == 400
        assert "version" in (await answer.json())["expected"]


async def test_unknown_fields_are_let_be(hook: Hook) -> None:
    more = {"notification_reason": "repeat", "routeLabels": {"a": 1}, "x": [{}]}
    await hook.tell(told(more=[1]), **more)
    assert await hook.names() == ["NumberNotActive"]


async def test_a_message_without_alerts_is_taken(hook: Hook) -> None:
    assert (await hook.tell())["taken"] == 0


async def test_hostile_texts_are_made_harmless(hook: Hook) -> None:
    hostile = OURS | {"note": "\ud800\n\x1b[31m\u202e" + "x" * 5000}
    await hook.tell(told(hostile, annotations={"summary": "\x00a\ud800"}))
    (alert,) = await hook.firing()
    assert "\n" not in alert.labels["note"]
    assert len(alert.labels["note"]) <= 1024
    assert alert.annotations["summary"].encode().decode() == "a"
    await hook.restart()
    assert [one.labels for one in await hook.firing()] == [alert.labels]


async def test_a_body_that_is_too_large_is_refused_also_when_it_is_compressed(hook: Hook) -> None:
    await hook.use(max_body=4096)
    large = message(*[told(OURS | {"number": str(n)}) for n in range(100)])
    await hook.post(large, 413)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    packed = gzip.compress(json.dumps(large).encode())
    assert len(packed) < 4096
    async with hook.client.post("/hooks/alertmanager", data=packed, headers=headers) as answer:
        assert answer.status == 413
    assert hook.requests("too_large") == 2
    assert await hook.firing() == []


async def test_other_types_than_json_are_refused(hook: Hook) -> None:
    body = json.dumps(message(told()))
    async with hook.client.post("/hooks/alertmanager", data=body) as answer:
        assert answer.status == 415
    assert await hook.firing() == []


async def test_only_a_post_is_a_message(hook: Hook) -> None:
    async with hook.client.get("/hooks/alertmanager") as answer:
        assert answer.status == 405


async def test_a_restart_remembers_what_fires_and_what_is_over(hook: Hook) -> None:
    await hook.tell(told(), told(FOREIGN))
    await hook.tell(told(ends=START + 30))
    await hook.restart()
    assert await hook.names() == ["HostDown"]
    await hook.tell(told())
    assert await hook.names() == ["HostDown"], "late word is known for what it is"
    assert hook.counted("numwatch_intake_alerts_firing") == 1


async def test_what_is_over_is_forgotten_in_the_end(hook: Hook) -> None:
    await hook.tell(told())
    await hook.tell(told(ends=START + 30))
    hook.clock.now += 4000
    await hook.tell(told(FOREIGN))
    assert hook.intake._alerts.standing().keys() == {fingerprint_of(FOREIGN)}
    await hook.restart()
    assert hook.intake._alerts.standing().keys() == {fingerprint_of(FOREIGN)}


async def test_a_ledger_that_refuses_gives_503_and_nothing_is_taken(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(hook.database, "transaction", refuse)
        answer = await hook.post(message(told()), 503)
    assert "disk" not in answer["error"]
    assert hook.requests("unavailable") == 1
    assert await hook.firing() == []
    await hook.tell(told())
    assert await hook.names() == ["NumberNotActive"]


async def test_a_closed_hook_takes_nothing_and_what_it_told_counts_no_more(hook: Hook) -> None:
    await hook.tell(told())
    await hook.use(enabled=False)
    await hook.post(message(told(FOREIGN)), 404)
    assert await hook.firing() == []
    await hook.use()
    assert await hook.names() == ["NumberNotActive"]


async def test_what_is_answered_with_200_is_in_the_ledger(hook: Hook) -> None:
    for place in range(20):
        await hook.tell(told(OURS | {"number": str(place)}))
        with closing(sqlite3.connect(hook.database.path)) as other:
            (count,) = other.execute("SELECT count(*) FROM external_alerts").fetchone()
        assert count == place + 1


async def test_a_sender_that_goes_away_loses_nothing_of_what_it_told(hook: Hook) -> None:
    posting = asyncio.create_task(hook.tell(told()))
    await asyncio.sleep(0)
    posting.cancel()
    await asyncio.wait([posting])
    await hook.tell(told())
    assert await hook.names() == ["NumberNotActive"]
    await hook.restart()
    assert await hook.names() == ["NumberNotActive"]


async def test_whenever_it_is_cancelled_ledger_and_memory_agree(hook: Hook) -> None:
    alerts = hook.intake._alerts
    for place in range(40):
        one = read_alert(told(OURS | {"number": str(place)}))
        taking = asyncio.create_task(alerts.take([one], lambda _: Trust(), hook.clock.now))
        await asyncio.sleep(place * 0.0003)
        taking.cancel()
        await asyncio.wait([taking])
        with closing(sqlite3.connect(hook.database.path)) as other:
            rows = other.execute("SELECT fingerprint FROM external_alerts").fetchall()
        assert {row[0] for row in rows} == alerts.standing().keys()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("labels", "annotations", "status", "startsAt", "alertname", "x")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(tuple(message())), JSON), st.booleans())
def test_whatever_is_posted_is_a_message_or_is_refused(body: dict[str, Any], whole: bool) -> None:
    posted = {"version": "4", "alerts": [told(), body]} | body if whole else body
    try:
        read = read_message(json.dumps(posted).encode())
    except InvalidMessageError:
        return
    assert isinstance(read, Message)

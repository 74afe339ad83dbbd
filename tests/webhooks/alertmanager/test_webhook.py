"""What Alertmanager posts, with every trap of docs/reference/ticketing.md §5, over real HTTP."""

import asyncio
import gzip
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.store import StoreError
from agent.tickets.key import key_of, subject_of
from agent.webhooks.alertmanager.external_alert import ResolveTrust
from agent.webhooks.alertmanager.payload import (
    InvalidMessageError,
    WebhookMessage,
    fingerprint_of,
    read_alert,
    read_message,
)
from tests.webhooks.conftest import FOREIGN, OURS, START, Server, entry, message


def key(alert: Any) -> str:
    return key_of(subject_of(alert.name, alert.labels))


async def test_a_firing_alert_is_the_very_alert_the_embedded_engine_would_give(
    server: Server,
) -> None:
    assert await server.send(entry()) == {"taken": 1, "skipped": []}
    (alert,) = await server.firing()
    labels = {name: text for name, text in OURS.items() if name != "alertname"}
    assert (alert.name, alert.state) == ("NumberNotActive", "firing")
    assert dict(alert.labels) == labels
    assert alert.active_at == pytest.approx(START, abs=0.001)
    assert key(alert) == key_of(subject_of("NumberNotActive", labels))


async def test_severity_receiver_group_and_further_labels_change_no_key(
    server: Server,
) -> None:
    await server.send(entry())
    (first,) = await server.firing()
    await server.send(entry(ends=START + 30))
    other = OURS | {"severity": "warning", "replica": "b"}
    await server.send(entry(other), receiver=r"web\.hook", groupKey="{}/other:{}")
    (second,) = await server.firing()
    assert key(first) == key(second)


async def test_a_repeat_changes_nothing(server: Server) -> None:
    await server.send(entry())
    before = server.webhooks.external_alerts.alerts
    await server.send(entry())
    assert server.webhooks.external_alerts.alerts is before
    assert server.alert_count("repeated") == 1


async def test_three_peers_at_once_report_one_alert(server: Server) -> None:
    await asyncio.gather(*(server.send(entry()) for _ in range(3)))
    assert await server.firing_names() == ["NumberNotActive"]
    assert (server.alert_count("fired"), server.alert_count("repeated")) == (1, 2)


async def test_a_resolve_takes_the_alert_away(server: Server) -> None:
    await server.send(entry())
    await server.send(entry(ends=START + 30))
    assert await server.firing() == []


async def test_a_partial_resolve_keeps_the_others(server: Server) -> None:
    other = OURS | {"number": "4006220002"}
    await server.send(entry(), entry(other))
    await server.send(entry(ends=START + 30), entry(other))
    assert [alert.labels["number"] for alert in await server.firing()] == ["4006220002"]


async def test_a_resolve_of_what_never_fired_is_nothing(server: Server) -> None:
    await server.send(entry(ends=START + 30))
    assert await server.firing() == []
    assert server.webhooks.external_alerts.alerts == {}
    assert server.alert_count("unknown") == 1


async def test_a_resolve_in_a_message_that_leaves_alerts_out_proves_nothing(
    server: Server,
) -> None:
    await server.send(entry())
    await server.send(entry(ends=START + 30), truncatedAlerts=3)
    assert await server.firing_names() == ["NumberNotActive"]
    assert server.alert_count("unproven") == 1


async def test_a_late_resolve_after_it_fired_again_is_ignored(server: Server) -> None:
    await server.send(entry())
    await server.send(entry(starts=START + 50))
    await server.send(entry(ends=START + 40))
    assert await server.firing_names() == ["NumberNotActive"]
    assert server.alert_count("late") == 1


async def test_a_late_repeat_of_a_resolved_firing_is_ignored_only_for_a_while(
    server: Server,
) -> None:
    await server.send(entry())
    await server.send(entry(ends=START + 30))
    await server.send(entry())
    assert await server.firing() == []
    server.clock.now += 60
    await server.send(entry())
    assert await server.firing_names() == ["NumberNotActive"]


async def test_it_fires_again_after_a_resolve(server: Server) -> None:
    await server.send(entry())
    await server.send(entry(ends=START + 30))
    await server.send(entry(starts=START + 31))
    (alert,) = await server.firing()
    assert alert.active_at == pytest.approx(START + 31, abs=0.001)


async def test_a_start_that_moves_keeps_the_earliest(server: Server) -> None:
    await server.send(entry())
    await server.send(entry(starts=START + 45))
    (alert,) = await server.firing()
    assert alert.active_at == pytest.approx(START, abs=0.001)
    await server.send(entry(starts=START + 45, ends=START + 50))
    assert await server.firing() == []


async def test_a_start_in_the_future_can_still_be_resolved(server: Server) -> None:
    await server.send(entry(starts=START + 9000))
    await server.send(entry(starts=START + 9000, ends=server.clock.now + 1))
    assert await server.firing() == []


@pytest.mark.parametrize("start", [None, "", "yesterday", 17, "0001-01-01T00:00:00Z", [], "9" * 99])
async def test_a_start_that_is_no_time_loses_no_alert(server: Server, start: Any) -> None:
    await server.send(entry(startsAt=start))
    await server.send(entry(startsAt=start))
    (alert,) = await server.firing()
    assert alert.active_at == server.clock.now
    assert server.alert_count("repeated") == 1


BAD: list[Any] = [
    None,
    7,
    {},
    entry() | {"labels": None},
    entry() | {"labels": {}},
    entry() | {"labels": {"alertname": 7}},
    entry() | {"status": "suppressed"},
    entry() | {"labels": {f"l{n}": "x" for n in range(1000)}},
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
async def test_one_bad_alert_never_loses_the_others(server: Server, bad: Any) -> None:
    answer = await server.post(message(entry(), *[]) | {"alerts": [bad, entry(), bad]})
    assert answer["taken"] == 1
    assert len(answer["skipped"]) == 2
    assert await server.firing_names() == ["NumberNotActive"]
    assert server.alert_count("invalid") == 2


async def test_odd_annotations_lose_no_alert(server: Server) -> None:
    await server.send(entry(annotations=[]), entry(FOREIGN, annotations={"summary": 7, "b": "c"}))
    assert [dict(alert.annotations) for alert in await server.firing()] == [
        {},
        {"b": "c", "summary": "HostDown: instance=a:9100, job=node"},
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"text": "custom payload"},
        [],
        "firing",
        message(entry()) | {"version": "3"},
        message(entry()) | {"version": 4},
        message(entry()) | {"alerts": {}},
        message() | {"alerts": [None]},
    ],
    ids=range(7),
)
async def test_what_is_no_version_4_message_is_refused_with_what_is_expected(
    server: Server, body: Any
) -> None:
    answer = await server.post(body, 400)
    assert '"version": "4"' in answer["expected"]
    assert answer["error"]
    assert server.request_count("invalid") == 1
    assert await server.firing() == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"version": "4", "version": "4"}']
)
async def test_what_is_no_json_is_refused(server: Server, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with server.client.post("/hooks/alertmanager", data=body, headers=headers) as answer:
        assert answer.status == 400
        assert "version" in (await answer.json())["expected"]


async def test_unknown_fields_are_let_be(server: Server) -> None:
    more = {"notification_reason": "repeat", "routeLabels": {"a": 1}, "x": [{}]}
    await server.send(entry(more=[1]), **more)
    assert await server.firing_names() == ["NumberNotActive"]


async def test_a_message_without_alerts_is_taken(server: Server) -> None:
    assert (await server.send())["taken"] == 0


async def test_hostile_texts_are_made_harmless(server: Server) -> None:
    hostile = OURS | {"note": "\ud800\n\x1b[31m\u202e" + "x" * 5000}
    await server.send(entry(hostile, annotations={"summary": "\x00a\ud800"}))
    (alert,) = await server.firing()
    assert "\n" not in alert.labels["note"]
    assert len(alert.labels["note"]) <= 1024
    assert alert.annotations["summary"].encode().decode() == "a"
    await server.restart()
    assert [restored.labels for restored in await server.firing()] == [alert.labels]


async def test_a_body_that_is_too_large_is_refused_also_when_it_is_compressed(
    server: Server,
) -> None:
    await server.use(max_body=4096)
    large = message(*[entry(OURS | {"number": str(n)}) for n in range(100)])
    await server.post(large, 413)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    packed = gzip.compress(json.dumps(large).encode())
    assert len(packed) < 4096
    async with server.client.post("/hooks/alertmanager", data=packed, headers=headers) as answer:
        assert answer.status == 413
    assert server.request_count("too_large") == 2
    assert await server.firing() == []


async def test_other_types_than_json_are_refused(server: Server) -> None:
    body = json.dumps(message(entry()))
    async with server.client.post("/hooks/alertmanager", data=body) as answer:
        assert answer.status == 415
    assert await server.firing() == []


async def test_only_a_post_is_a_message(server: Server) -> None:
    async with server.client.get("/hooks/alertmanager") as answer:
        assert answer.status == 405


async def test_a_restart_remembers_what_fires_and_what_is_over(server: Server) -> None:
    await server.send(entry(), entry(FOREIGN))
    await server.send(entry(ends=START + 30))
    await server.restart()
    assert await server.firing_names() == ["HostDown"]
    await server.send(entry())
    assert await server.firing_names() == ["HostDown"], "a late repeat is recognized"
    assert server.sample("numwatch_intake_alerts_firing") == 1


async def test_resolved_alerts_expire(server: Server) -> None:
    await server.send(entry())
    await server.send(entry(ends=START + 30))
    server.clock.now += 4000
    await server.send(entry(FOREIGN))
    assert server.webhooks.external_alerts.alerts.keys() == {fingerprint_of(FOREIGN)}
    await server.restart()
    assert server.webhooks.external_alerts.alerts.keys() == {fingerprint_of(FOREIGN)}


async def test_a_ledger_that_refuses_gives_503_and_nothing_is_taken(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(server.database, "transaction", refuse)
        answer = await server.post(message(entry()), 503)
    assert "disk" not in answer["error"]
    assert server.request_count("unavailable") == 1
    assert await server.firing() == []
    await server.send(entry())
    assert await server.firing_names() == ["NumberNotActive"]


async def test_a_disabled_webhook_accepts_nothing_and_its_alerts_count_no_more(
    server: Server,
) -> None:
    await server.send(entry())
    await server.use(enabled=False)
    await server.post(message(entry(FOREIGN)), 404)
    assert await server.firing() == []
    await server.use()
    assert await server.firing_names() == ["NumberNotActive"]


async def test_what_is_answered_with_200_is_in_the_ledger(server: Server) -> None:
    for index in range(20):
        await server.send(entry(OURS | {"number": str(index)}))
        with closing(sqlite3.connect(server.database.path)) as other:
            (count,) = other.execute("SELECT count(*) FROM external_alerts").fetchone()
        assert count == index + 1


async def test_a_sender_that_goes_away_loses_nothing(server: Server) -> None:
    posting = asyncio.create_task(server.send(entry()))
    await asyncio.sleep(0)
    posting.cancel()
    await asyncio.wait([posting])
    await server.send(entry())
    assert await server.firing_names() == ["NumberNotActive"]
    await server.restart()
    assert await server.firing_names() == ["NumberNotActive"]


async def test_whenever_it_is_cancelled_ledger_and_memory_agree(server: Server) -> None:
    repository = server.webhooks.external_alerts
    for index in range(40):
        alert = read_alert(entry(OURS | {"number": str(index)}))
        applying = asyncio.create_task(
            repository.apply([alert], lambda _: ResolveTrust(), server.clock.now)
        )
        await asyncio.sleep(index * 0.0003)
        applying.cancel()
        await asyncio.wait([applying])
        with closing(sqlite3.connect(server.database.path)) as other:
            rows = other.execute("SELECT fingerprint FROM external_alerts").fetchall()
        assert {row[0] for row in rows} == repository.alerts.keys()


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
    posted = {"version": "4", "alerts": [entry(), body]} | body if whole else body
    try:
        read = read_message(json.dumps(posted).encode())
    except InvalidMessageError:
        return
    assert isinstance(read, WebhookMessage)

"""What a provider pushes: proven, stored once, merged with what was polled."""

import asyncio
import time
from typing import Any

import pytest
from aiohttp import ServerDisconnectedError

from tests.webhooks.pushes.conftest import (
    BROKEN,
    FOREIGN,
    PATH,
    SECRET,
    WELL,
    Site,
    message,
    signed,
    stamp,
)


def number(name: str, state: str, at: float | None = None, **more: Any) -> dict[str, Any]:
    return {"number": name, "state": state, "at": stamp(time.time() if at is None else at), **more}


def call(name: str, of: str = WELL, result: str = "answered", **more: Any) -> dict[str, Any]:
    started = stamp(time.time())
    return {
        "id": name,
        "number": of,
        "started_at": started,
        "result": result,
        "binding": "b1",
        **more,
    }


async def test_a_pushed_state_holds_until_a_poll_that_began_after_it(site: Site) -> None:
    assert site.state(WELL) == "active"
    await site.post(message("numbers", number(WELL, "frozen", reason="arrears")))
    assert site.state(WELL) == "frozen"
    assert site.facts("applied") == site.messages("accepted") == 1
    await site.poll()
    assert site.state(WELL) == "active", "the provider's own listing says otherwise"


async def test_a_poll_that_was_under_way_does_not_end_what_was_pushed_meanwhile(
    site: Site,
) -> None:
    site.world.apply({"provider": "north", "fault": {"kind": "hang", "for": "600ms"}})
    polling = asyncio.create_task(site.poll())
    await asyncio.sleep(0.2)
    await site.post(message("numbers", number(WELL, "frozen")))
    await polling
    assert site.state(WELL) == "frozen"


async def test_an_older_push_than_the_newest_poll_or_push_changes_nothing(site: Site) -> None:
    await site.post(message("numbers", number(WELL, "frozen", time.time() - 3600)))
    assert (site.state(WELL), site.facts("late")) == ("active", 1)
    await site.post(message("numbers", number(WELL, "expired"), name="m-2"))
    earlier = number(WELL, "frozen", time.time() - 0.5)
    await asyncio.sleep(0)
    await site.post(message("numbers", earlier, name="m-3"))
    assert (site.state(WELL), site.facts("late")) == ("expired", 2)


async def test_a_push_makes_no_number_and_no_fact_fresh(site: Site) -> None:
    before = site.snapshot
    await site.post(message("numbers", number(FOREIGN, "active"), number(WELL, "frozen")))
    await site.post(message("bindings", number(FOREIGN, "off", id="b1"), name="m-2"))
    await site.post(message("calls", call("c-1", FOREIGN), name="m-3"))
    after = site.snapshot
    assert after.listing is not None
    assert before.listing is not None
    assert len(after.listing.numbers) == len(before.listing.numbers)
    assert FOREIGN not in str(after.bindings) + str(after.call_totals)
    assert after.polls == before.polls
    assert site.facts("unlisted") == site.facts("unlisted", "calls") == 1


async def test_a_phone_is_pushed_by_its_id_or_by_itself(site: Site) -> None:
    await site.post(message("bindings", number(WELL, "off", id="b1")))
    await site.post(message("bindings", number(WELL, "arrears", phone="13800000003"), name="m-2"))
    assert site.phone_state(WELL, "b1") == "off"
    assert site.phone_state(WELL, "b2") == "arrears"
    await site.poll()
    assert site.phone_state(WELL, "b1") == site.phone_state(WELL, "b2") == "ok"


async def test_fifty_at_once_have_one_effect(site: Site) -> None:
    body = message("calls", call("c-1"), call("c-2", result="busy"))

    async def persist() -> Any:
        while True:  # as providers do: what is not proven yet makes way for others
            async with site.client.post(PATH, data=body, headers=signed(body)) as answer:
                if answer.status == 200:
                    return await answer.json()
                assert answer.status in {408, 503}

    answers = await asyncio.gather(*(persist() for _ in range(50)))
    assert sum(answer["taken"] for answer in answers) == 2
    assert sum(site.snapshot.call_totals.values()) == 2
    assert (site.messages("accepted"), site.messages("duplicate")) == (1, 49)


async def test_a_record_that_is_pushed_and_polled_counts_once(site: Site) -> None:
    await site.poll()
    await site.post(message("calls", call("c-1")))
    await site.post(message("calls", call("c-1"), call("c-2"), name="m-2"))
    await site.poll()
    assert sum(site.snapshot.call_totals.values()) == 2


async def test_a_repeat_has_no_effect_after_a_restart_either(site: Site) -> None:
    body = message("numbers", number(WELL, "frozen"))
    await site.post(body)
    await site.stop()
    await site.start()
    assert site.state(WELL) == "active", "it was polled anew"
    answer = await site.post(body)
    assert (answer["taken"], site.state(WELL)) == (0, "active")
    assert site.messages("duplicate") == 1


async def test_what_was_committed_before_a_kill_is_neither_lost_nor_repeated(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: Any) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(site.agent.webhooks._pushes._webhook, "_take", killed)
    body = message("calls", call("c-1"))
    with pytest.raises(ServerDisconnectedError):
        await site.post(body)
    await site.stop()
    await site.start()
    assert [it.result.value for it in site.snapshot.recent_calls[WELL]] == ["answered"]
    await site.post(body)
    assert site.messages("duplicate") == 1
    assert len(site.snapshot.recent_calls[WELL]) == 1


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"secret": "another-secret-0123456789"}, "wrong"),
        ({"off": -301}, "301 s|300 s off"),
        ({"off": 301}, "300 s off"),
    ],
)
async def test_a_forged_or_old_message_is_refused(
    site: Site, how: dict[str, Any], why: str
) -> None:
    body = message("numbers", number(WELL, "frozen"))
    answer = await site.post(body, 401, **how)
    assert pytest.importorskip("re").search(why, answer["error"])
    assert (site.state(WELL), site.messages("unauthorized")) == ("active", 1)


async def test_a_changed_body_is_refused(site: Site) -> None:
    body = message("numbers", number(WELL, "frozen"))
    answer = await site.post(body.replace(b"frozen", b"active"), 401, headers=signed(body))
    assert SECRET not in str(answer)
    await site.post(body, 401, headers={"X-Push-Timestamp": str(int(time.time()))})
    assert site.state(WELL) == "active"


async def test_guesses_are_limited_and_counted(site: Site) -> None:
    body = message("numbers", number(WELL, "frozen"))
    for guess in range(10):
        await site.post(body, 401, secret=f"guess-{guess}-0123456789")
    assert "too many wrong" in (await site.post(body, 503))["error"]
    assert site.agent.telemetry.registry.get_sample_value("numwatch_token_failures_total") == 10


@pytest.mark.parametrize("path", ["/hooks/providers/north/x", "/hooks/providers/south/hq"])
async def test_an_account_without_a_hook_takes_nothing(site: Site, path: str) -> None:
    assert "no account" in (await site.post(message("numbers"), 404, path))["error"]
    assert PATH.startswith("/hooks/providers/")


async def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    body = message("numbers", number(WELL, "frozen"), filler="x" * 65536)
    assert "pushes.max_body" in (await site.post(body, 413))["expected"]
    assert site.messages("too_large") == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "not JSON"),
        (b'{"type": "numbers"}', "no records at items"),
        (b'{"type": "numbers", "items": [{"state": "active"}]}', "number is missing"),
        (b'{"type": "numbers", "items": [{"number": "4006220002"}]}', "state is missing"),
        (b'{"type": "numbers", "items": [], "items": []}', "same key twice"),
    ],
)
async def test_what_does_not_fit_is_refused_with_record_and_field(
    site: Site, body: bytes, why: str
) -> None:
    assert why in (await site.post(body, 400))["error"]
    assert site.messages("invalid") == 1


async def test_what_the_profile_does_not_describe_is_taken_and_counted_only(site: Site) -> None:
    before = site.snapshot
    await site.post(message("ringing", {"number": WELL, "state": "frozen"}))
    assert site.snapshot is before
    assert site.messages("undescribed") == 1


async def test_a_word_that_is_not_mapped_becomes_unknown_and_is_counted(site: Site) -> None:
    await site.post(message("numbers", number(WELL, "weird")))
    assert site.state(WELL) == "unknown"
    field = "pushes.numbers.state"
    assert site.count("numwatch_values_unmapped_total", field=field) == 1


async def test_nothing_but_the_mapped_fields_is_kept_shown_or_logged(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = "Canary-4f6b1d"
    caller = "13912340002"
    item = number(WELL, "frozen", note=canary)
    await site.post(message("numbers", item, secret_note=canary))
    await site.post(message("calls", call("c-1", caller=caller, note=canary), name="m-2"))
    await site.post(message("numbers", {"note": canary}, name="m-3"), 400)
    async with site.client.get("/metrics") as answer:
        page = await answer.text()
    shown = capsys.readouterr()
    files = b"".join(
        it.read_bytes() for it in (site.config.parent / "data").iterdir() if it.is_file()
    )
    for text in (page, shown.out, shown.err, str(site.snapshot.recent_calls)):
        assert canary not in text
        assert SECRET not in text
    assert WELL.encode() in files
    assert canary.encode() not in files
    assert caller.encode() not in files
    assert BROKEN not in shown.err

"""One event is one line of log, whatever is in it, and no log line goes to standard output."""

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from agent.config.secret import Secret
from agent.config.settings import Log
from agent.logging import configure, escape_control

HOSTILE = 'down\r\n{"level": "info"}\x1b[2J\x1b]0;title\x07\u2028\u202e\ud800\x00'


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(settings: Log, *, event: str = "poll_failed", **values: object) -> str:
    stream = io.StringIO()
    configure(settings, stream)
    structlog.get_logger("agent.test").warning(event, **values)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_hostile_value_stays_one_line(form: str) -> None:
    written = logged(
        Log.model_validate({"format": form}),
        event=HOSTILE,
        detail=HOSTILE,
        nested={"a": [HOSTILE, {HOSTILE: {HOSTILE}}]},
    )
    assert written.endswith("\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800]", written)
    assert written.count("\n") == 1
    written.encode()


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_exception_is_one_line(form: str) -> None:
    stream = io.StringIO()
    configure(Log.model_validate({"format": form}), stream)
    try:
        int(HOSTILE)
    except ValueError:
        structlog.get_logger().exception("surprise")
    assert stream.getvalue().count("\n") == 1
    assert "ValueError" in stream.getvalue()


def test_json_has_level_time_event_and_values() -> None:
    line = json.loads(logged(Log(), provider="north", seconds=1.5, ok=None))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line.pop("timestamp"))
    assert line == {
        "event": "poll_failed",
        "level": "warning",
        "provider": "north",
        "seconds": 1.5,
        "ok": None,
    }


def test_chinese_stays_readable_and_a_secret_stays_hidden() -> None:
    written = logged(Log(), company="示例公司", key=Secret("CANARY"), keys={"k": Secret("CANARY")})
    assert "示例公司" in written
    assert "CANARY" not in written
    assert "<secret>" in written


def test_messages_below_the_level_are_dropped() -> None:
    assert logged(Log(level="error")) == ""


def test_lines_of_libraries_go_the_same_way() -> None:
    stream = io.StringIO()
    configure(Log(), stream)
    logging.getLogger("aiohttp.server").warning("refused %s", HOSTILE)
    logging.getLogger("aiohttp.access").info("not wanted")
    line = json.loads(stream.getvalue())
    assert (line["logger"], line["level"]) == ("aiohttp.server", "warning")
    assert stream.getvalue().count("\n") == 1


def test_standard_error_is_where_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Log())
    structlog.get_logger().info("started")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["event"] == "started"


@given(text=st.text(st.characters(), max_size=40))
def test_no_text_has_a_control_character_after_escaping(text: str) -> None:
    event = escape_control(None, "info", {"event": text, text: [text]})
    shown = json.dumps(event, ensure_ascii=False)
    assert len(shown.splitlines()) == 1
    shown.encode()


def test_a_stream_that_broke_stops_no_work():
    stream = io.StringIO()
    configure(Log(), stream)
    stream.close()
    structlog.get_logger("agent").error("nobody_hears_this", detail="x")
    logging.getLogger("aiohttp").error("nor this")

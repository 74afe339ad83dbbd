import pytest

from agent.providers.profile.structured_values import read_days, read_schedule


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("sat,sun", (5, 6)),
        ("sat-mon", (0, 5, 6)),
        ("Mon", (0,)),
        ("mon-sun", (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_days(text, days):
    assert read_days(text) == days


def window(start, end, **more):
    return {"days": "fri", "from": start, "to": end, **more}


def test_windows():
    def read(*args):
        return [(w.days, w.start_minute, w.end_minute) for w in read_schedule([window(*args)])]

    assert read("08:30", "17:30") == [((4,), 510, 1050)]
    assert read("00:00", "24:00") == [((4,), 0, 1440)]
    assert read("22:00", "06:00") == [((4,), 1320, 1440), ((5,), 0, 360)]
    assert read("22:00", "00:00") == [((4,), 1320, 1440)]
    assert read("09:00", "09:00") == [((4,), 0, 1440)]


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        {"days": "mon", "from": "8:30", "to": "17:30"},
        {"days": "someday", "from": "08:30", "to": "17:30"},
        {"days": "mon", "from": "08:30", "to": "25:00"},
        {"days": "mon", "from": "08:30", "to": "17:30", "bindings": "b1"},
        {"days": ["mon"], "from": "08:30", "to": "17:30"},
    ],
)
def test_a_malformed_window_is_refused(entry):
    with pytest.raises(ValueError, match="not "):
        read_schedule([entry])

"""``numwatch top``: one picture in a pipe, and the order in which it shows things."""

import re

from rich.cells import cell_len

from agent.cli.top import Picture, frame
from agent.cli.words import Words

NUMBER = {
    "number": "4006220001",
    "health": "down",
    "state": "suspended_arrears",
    "provider": "north",
    "account": "hq",
    "company": "津门安平商贸有限公司",
}
ACCOUNT = {
    "provider": "north",
    "account": "hq",
    "up": True,
    "numbers": 2,
    "money": {"amount": 9.8, "currency": "CNY"},
}


def clock(remaining: float, *, paused: bool = False) -> dict[str, object]:
    return {
        "name": "restore",
        "remaining_seconds": remaining,
        "paused": paused,
        "breached": remaining < 0,
    }


def ticket(identity: str, *clocks: dict[str, object]) -> dict[str, object]:
    return {
        "id": identity,
        "severity": "critical",
        "stage": "diagnosing",
        "title": "Number 4006220001 is out of service",
        "clocks": list(clocks),
    }


PICTURE = Picture(
    1_790_000_000.0,
    [NUMBER],
    [
        ticket("NW-LATER-1", clock(7800.0)),
        ticket("NW-BREACHED-1", clock(-45.184)),
        ticket("NW-PAUSED-1", clock(-90.0, paused=True)),
    ],
    [ACCOUNT],
)


def shown(locale: str, width: int, height: int = 0) -> str:
    words = Words(locale, "Asia/Shanghai")
    lines = frame(PICTURE, "http://127.0.0.1:10400", words, width, height)
    return "\n".join(line.plain for line in lines)


def test_everything_is_there_at_eighty_columns_in_both_languages() -> None:
    for locale, breached in (("en", "breached 45 s ago"), ("zh-CN", "已超时 45 秒")):
        text = shown(locale, 80)
        for part in ("4006220001", "NW-BREACHED-1", "NW-LATER-1", "north/hq", breached, "+08:00"):
            assert part in text
        assert max(map(cell_len, text.splitlines())) <= 80


def test_the_ticket_that_is_late_comes_first() -> None:
    assert re.findall(r"NW-\w+-1", shown("en", 80)) == [
        "NW-BREACHED-1",
        "NW-LATER-1",
        "NW-PAUSED-1",
    ]


def test_what_does_not_fit_is_counted() -> None:
    many = Picture(PICTURE.at, [NUMBER] * 60, PICTURE.tickets, PICTURE.accounts)
    words = Words("en", "Asia/Shanghai")
    lines = [it.plain for it in frame(many, "http://127.0.0.1:10400", words, 80, 24)]
    assert len(lines) <= 24
    assert any(re.fullmatch(r"and \d+ more", line) for line in lines)

"""What is compiled of a profile is there once for all accounts, and for each thread by itself."""

from concurrent.futures import ThreadPoolExecutor

from agent.providers.compiled import Compiled


def test_the_same_parts_give_the_same_thing() -> None:
    made: Compiled[list[object]] = Compiled()
    one, other = ["part"], ["part"]
    first = made.of(lambda *parts: [parts], one)
    assert made.of(lambda *parts: [parts], one) is first
    assert made.of(lambda *parts: [parts], other) is not first


def test_each_thread_has_its_own() -> None:
    made: Compiled[list[object]] = Compiled()
    part = ["part"]
    with ThreadPoolExecutor(1) as thread:
        elsewhere = thread.submit(made.of, lambda *parts: [parts], part).result()
    assert made.of(lambda *parts: [parts], part) is not elsewhere


def test_what_is_remembered_is_bounded() -> None:
    made: Compiled[list[object]] = Compiled()
    parts = [[place] for place in range(2000)]
    first = made.of(lambda *own: [own], parts[0])
    for part in parts:
        made.of(lambda *own: [own], part)
    assert made.of(lambda *own: [own], parts[0]) is not first

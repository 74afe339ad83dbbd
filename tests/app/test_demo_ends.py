"""The demo ends on request, and takes its world with it, however it ends."""

import re
import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.forks import running_numwatch
from tests.integration.processes import free_port, get, wait_until


def is_gone(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1).close()
    except (urllib.error.URLError, ConnectionError):
        return True
    return False


@pytest.mark.parametrize(
    "last_word", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL]
)
def test_the_demo_ends_and_so_does_its_world(tmp_path: Path, last_word: signal.Signals) -> None:
    listen, log = f"127.0.0.1:{free_port()}", tmp_path / "demo.log"
    with running_numwatch("demo", "--speed", "10", "--listen", listen, log=log) as demo:
        wait_until(lambda: get(f"http://{listen}/-/ready"), 40, "the demo is ready")
        found = wait_until(lambda: re.search(r"(http\S+)/world\b", log.read_text()), 10, "it says")
        assert not is_gone(f"{found[1]}/world")
        demo.send_signal(last_word)
        status = demo.wait(10)
    assert status == (-signal.SIGKILL if last_word is signal.SIGKILL else 0)
    wait_until(lambda: is_gone(f"{found[1]}/world"), 10, "the world is gone too")

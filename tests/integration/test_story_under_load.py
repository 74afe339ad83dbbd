"""The story at every speed on a machine that is busy: its six tickets and no other."""

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.processes import free_port, get, numwatch, running, wait_until
from tests.integration.test_story import STORY, subject
from tests.proof_size import is_full

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not is_full(), reason="stories under load run with `make proof`"),
]

STORY_SECONDS = 600.0
BUSY = [sys.executable, "-c", "while True: pass"]


@pytest.mark.parametrize("speed", ["1", "5", "50", "200"])
def test_a_busy_machine_tells_the_same_story(tmp_path: Path, speed: str) -> None:
    at = f"127.0.0.1:{free_port()}"
    command = numwatch("demo", "--listen", at, "--speed", speed, "--data", str(tmp_path / "data"))
    with contextlib.ExitStack() as busy:
        for index in range(2 * (os.cpu_count() or 1)):
            busy.enter_context(running(BUSY, tmp_path / f"busy{index}.log"))
        busy.enter_context(running(command, tmp_path / "demo.log"))
        wait_until(lambda: get(f"http://{at}/-/ready"), 120, "the demo is ready")
        url = f"http://{at}/desk/tickets"

        def closed() -> list[dict[str, Any]] | None:
            tickets = json.loads(get(url))
            ended = len(tickets) >= len(STORY) and all(it["stage"] == "closed" for it in tickets)
            return tickets if ended else None

        tickets = wait_until(closed, STORY_SECONDS, f"every ticket closed: {tmp_path}")
    assert sorted(map(subject, tickets)) == STORY
    lost = next(it for it in tickets if it["symptom"] == "answer_rate")
    assert lost["diagnosis"]["cause"] == "provider_leg"

"""The alert rules of the demo: the shipped ones, with those about calls in the story's time.

A rule about calls looks back a quarter of an hour, which is longer than the story. ``rules.pace``
shortens how long a condition must hold and not how far an expression looks back, so the demo
evaluates a copy of that file whose ranges are as much shorter as the story is faster than life.
And one rule is not hurried: the story has no data that are out of date, and a machine that is busy
has some for seconds.
"""

import re
from pathlib import Path
from typing import Final

from agent.config.files import INSTALLATION
from agent.simulator.agent_config import PACE

_RULES: Final = INSTALLATION / "alert_rules"
_CALLS: Final = "calls.yml"
_WINDOW_SECONDS: Final = 30.0
"""World seconds in which the story's calls are counted."""
_SHORTEST: Final = 5.0
"""Seconds; in fewer there are not enough polls for a rate, and on a busy machine, where the world
stands still again and again, not enough calls."""
_HELD: Final = "50s"
"""How long the conditions hold; the demo's pace makes five seconds of the story of it."""
_STALE: Final = "ProviderPollStale"
_STALE_SECONDS: Final = 30.0
"""Seconds of this machine for which data must be out of date, at any speed."""


def rule_files(folder: Path, speed: float) -> list[str]:
    """A glob of rule files for a story that is ``speed`` times as fast; they are copied."""
    window = max(_SHORTEST, _WINDOW_SECONDS / speed)
    # All of them beside each other, so that their order is that of the shipped ones.
    own = folder / _RULES.name
    own.mkdir(exist_ok=True)
    for shipped in _RULES.glob("*.yml"):
        text = shipped.read_text("utf-8")
        text = _shortened(text, window) if shipped.name == _CALLS else _unhurried(text, speed)
        (own / shipped.name).write_text(text, "utf-8")
    return [str(own / "*.yml")]


def _shortened(rules: str, window: float) -> str:
    """The text of rule files that look back a quarter of an hour, with ``window`` seconds."""
    rules = rules.replace("[15m]", f"[{round(window * 1000)}ms]")
    rules = rules.replace("last 15 minutes", f"last {window:g} seconds")
    rules = rules.replace("最近 15 分钟", f"最近 {window:g} 秒")
    return re.sub(r"\bfor: 1[05]m\b", f"for: {_HELD}", rules)


def _unhurried(rules: str, speed: float) -> str:
    """The text of rule files in which data are out of date by this machine's seconds."""
    held = round(_STALE_SECONDS * PACE * speed)
    return re.sub(rf"(?s)(alert: {_STALE}\b.*?\n +for:) \w+", rf"\1 {held}s", rules, count=1)

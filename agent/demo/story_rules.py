"""The alert rules of the demo: the shipped ones, with those about calls in the story's time.

A rule about calls looks back a quarter of an hour, which is longer than the story. ``rules.pace``
shortens how long a condition must hold and not how far an expression looks back, so the demo
evaluates a copy of that file whose ranges are as much shorter as the story is faster than life.
"""

import re
from pathlib import Path
from typing import Final

from agent.config.files import INSTALLATION

_RULES: Final = INSTALLATION / "alert_rules"
_CALLS: Final = "calls.yml"
_WINDOW_SECONDS: Final = 30.0
"""World seconds in which the story's calls are counted."""
_SHORTEST: Final = 1.5
"""Seconds; in fewer there are not enough polls for a rate."""
_HELD: Final = "100s"
"""How long the conditions hold; the demo's pace makes ten seconds of the story of it."""


def rule_files(folder: Path, speed: float) -> list[str]:
    """A glob of rule files for a story that is ``speed`` times as fast; they are copied."""
    window = max(_SHORTEST, _WINDOW_SECONDS / speed)
    # All of them beside each other, so that their order is that of the shipped ones.
    own = folder / _RULES.name
    own.mkdir(exist_ok=True)
    for shipped in _RULES.glob("*.yml"):
        text = shipped.read_text("utf-8")
        text = _shortened(text, window) if shipped.name == _CALLS else text
        (own / shipped.name).write_text(text, "utf-8")
    return [str(own / "*.yml")]


def _shortened(rules: str, window: float) -> str:
    """The text of rule files that look back a quarter of an hour, with ``window`` seconds."""
    rules = rules.replace("[15m]", f"[{round(window * 1000)}ms]")
    rules = rules.replace("last 15 minutes", f"last {window:g} seconds")
    rules = rules.replace("最近 15 分钟", f"最近 {window:g} 秒")
    return re.sub(r"\bfor: 1[05]m\b", f"for: {_HELD}", rules)

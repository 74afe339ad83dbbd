"""What the configuration's tests share: the bundled names, a small good file."""

from collections.abc import Callable
from pathlib import Path

PROFILES = ("generic", "twilio")
BROKEN = Path(__file__).parent / "broken"
ENVIRONMENT = {"EMPTY": "", "HIDDEN": "CANARY-from-outside"}
GOOD = """\
providers:
  - name: north
    profile: generic
    accounts:
      - id: hq
        credentials: {key: demo, secret: CANARY-hq}
"""

Writer = Callable[[str | bytes], Path]
"""Writes a configuration and gives its path."""

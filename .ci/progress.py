"""Says which package pip is at, one a line; pip's own words only where it failed."""  # noqa: INP001 - a script, run by make

import re
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==\S+", re.MULTILINE)
_FETCHED = re.compile(r"(?:Collecting ([\w.-]+)==(\S+)|Processing \S*/([^-/]+)-([^-/]+)-\S+)")
_GOOD = ("Successfully installed", "Requirement already satisfied")
_LAST_WORDS = 30


def main(locks: Sequence[str]) -> None:
    """Read pip's lines on standard input; ``locks`` tell how many packages to expect at most."""
    texts = [Path(lock).read_text(encoding="utf-8") for lock in locks]
    total = len({name for text in texts for name in _LOCKED.findall(text)})
    fetched, good = 0, False
    last: deque[str] = deque(maxlen=_LAST_WORDS)
    for line in sys.stdin:
        last.append(line)
        good = good or line.startswith(_GOOD)
        found = _FETCHED.match(line)
        if found:
            fetched += 1
            name, version = (part for part in found.groups() if part)
            sys.stdout.write(f"    {fetched:3}/{total} {name} {version}\n")
        elif line.startswith("Installing collected packages"):
            sys.stdout.write(f"    unpacking {line.count(',') + 1} packages, some seconds ...\n")
    sys.stdout.write("    done\n" if good else "".join(last))


if __name__ == "__main__":
    main(sys.argv[1:])

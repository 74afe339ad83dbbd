"""Says which package pip is at, one a line: ``   12/47 aiohttp 3.14.5``."""  # noqa: INP001 - a script, run by make

import re
import sys
from pathlib import Path

_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
_FETCHED = re.compile(
    r"(?:Collecting ([A-Za-z0-9._-]+)==(\S+)|Processing \S*/([^-/]+)-([^-/]+)-\S+)"
)


def main(lock: str) -> None:
    """Read pip's lines on standard input; ``lock`` tells how many packages to expect at most."""
    total = len(set(_LOCKED.findall(Path(lock).read_text(encoding="utf-8"))))
    fetched = 0
    for line in sys.stdin:
        found = _FETCHED.match(line)
        if found:
            fetched += 1
            name, version = (part for part in found.groups() if part)
            sys.stdout.write(f"    {fetched:3}/{total} {name} {version}\n")
        elif line.startswith("Installing collected packages"):
            sys.stdout.write(f"    unpacking {line.count(',') + 1} packages, some seconds ...\n")
        elif line.startswith("Successfully installed"):
            sys.stdout.write("    done\n")


if __name__ == "__main__":
    main(sys.argv[1])

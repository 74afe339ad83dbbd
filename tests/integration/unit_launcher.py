"""Run by Debian's own Python, which has libseccomp: applies the filters, becomes the command.

``unit_launcher.py ALLOWED COMMAND...``: ALLOWED is a file of JSON, a list of names of system calls.
"""

import json
import os
import sys
from pathlib import Path

import seccomp

READ_WRITE_EXECUTE, EXECUTE = 6, 4
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


def load(allowed: list[str], families: list[str]) -> None:
    """Refuse all calls but ``allowed``, memory that is written and run, families not given."""
    rules = seccomp.SyscallFilter(seccomp.ERRNO(1))
    for name in set(allowed) - {"mmap", "mprotect", "pkey_mprotect", "socket"}:
        try:
            rules.add_rule(seccomp.ALLOW, name)
        except RuntimeError:
            continue  # a call of another architecture
    for protection in (0, 2, 4):
        masked = seccomp.Arg(2, seccomp.MASKED_EQ, READ_WRITE_EXECUTE, protection)
        rules.add_rule(seccomp.ALLOW, "mmap", masked)
    for name in ("mprotect", "pkey_mprotect"):
        rules.add_rule(seccomp.ALLOW, name, seccomp.Arg(2, seccomp.MASKED_EQ, EXECUTE, 0))
    for family in families:
        rules.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, FAMILIES[family]))
    rules.load()


if __name__ == "__main__":
    wanted = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    load(wanted["calls"], wanted["families"])
    os.execv(sys.argv[2], sys.argv[2:])

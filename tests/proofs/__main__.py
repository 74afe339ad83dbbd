"""Prints the test files of ``make proof``, one a line."""

from tests.proofs.table import files

print("\n".join(files()))  # noqa: T201 - this is what it is for

"""The tests; a package so that ``python -m tests.bench`` is found."""

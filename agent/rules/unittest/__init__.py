"""promtool's unit-test files, run by the embedded engine."""

"""The work on tickets: what moves, what waits for whom, and how visits are conducted."""

"""The engine that places calls, in a process of its own, and what drives it."""

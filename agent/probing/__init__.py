"""Test calls: who may be called when, the engine that calls, and what was heard."""

"""Deciders: each examines one kind of cause and returns a verdict if the facts show that cause."""

"""Asterisk: which endpoints can be reached, by its REST interface (ARI)."""

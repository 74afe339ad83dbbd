"""Test calls of a running agent: asked for by people, plans, acceptances and tickets."""

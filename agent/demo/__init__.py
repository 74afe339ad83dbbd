"""The first thing anyone sees: an agent, a simulated world, and a story in two minutes."""

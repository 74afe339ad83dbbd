"""A world of providers, numbers and faults over real HTTP."""
